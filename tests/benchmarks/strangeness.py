"""How well drawings that are no digits are separated from digits, and how many real pen digits are warned of.

MNIST_PATH=… PEN_DIGITS_PATH=pen_digits.jsonl.gz python -m tests.benchmarks.strangeness [RUN, such as shipped]
"""

import sys
import time

import numpy as np

from core.data import mnist
from core.drawing.normalise import to_digit
from core.drawing.novelty import NoveltyDetector
from core.network.numpy_network import Reader
from core.runs.store import RunStore
from tests.benchmarks import not_digits, pen_strokes

EACH = 1000
_SEED = 5


def auroc(digits: np.ndarray, others: np.ndarray) -> float:
    """How often another scores above a digit, ties by half."""
    ranks = np.searchsorted(np.sort(digits), others, "left") + np.searchsorted(np.sort(digits), others, "right")
    return float(ranks.mean() / 2 / len(digits))


def main() -> None:
    data, rng = mnist.load(), np.random.default_rng(_SEED)
    began = time.perf_counter()
    familiar = NoveltyDetector.from_digits(data.train.images, data.validation.images)
    print(f"learnt in {time.perf_counter() - began:.1f} s, threshold {familiar.threshold:.3f}")
    pens = {width: pen_strokes.digits(width, every=3) for width in pen_strokes.WIDTHS}
    test = data.test.images[:3000]
    others = {kind: np.stack([to_digit(c).digit for c in draw(EACH, rng)]) for kind, draw in not_digits.KINDS.items()}
    crossed = not_digits.SHAPES["circle with a cross"]
    others["circle with a cross"] = np.stack([to_digit(not_digits.drawn(crossed, rng)).digit for _ in range(200)])
    scorers = {"nearest digits": familiar.novelty_score}
    if sys.argv[1:]:
        network = Reader.of(RunStore().get(sys.argv[1]))
        scorers["energy"] = lambda images: -np.logaddexp.reduce(network.logits(images), axis=1)
        scorers["largest probability"] = lambda images: -network.probabilities(images).max(1)
    for name, score in scorers.items():
        test_scores, pen = score(test), {width: score(images) for width, images in pens.items()}
        limit = (
            familiar.threshold if name == "nearest digits" else np.quantile(score(data.validation.images[:1500]), 0.99)
        )
        print(f"{name}: MNIST test warned {(test_scores > limit).mean():.2%}; pen digits warned",
              *(f"{width} px {(scores > limit).mean():.2%}" for width, scores in pen.items()))  # fmt: skip
        everyone = np.concatenate(list(pen.values()))
        for kind, images in others.items():
            scores = score(images)
            against_test, against_pen = auroc(test_scores, scores), auroc(everyone, scores)
            summary = f"AUROC {against_test:.3f} against MNIST test, {against_pen:.3f} against pen digits"
            print(f"  {kind}: {summary}; warned {(scores > limit).mean():.1%}", flush=True)


if __name__ == "__main__":
    main()

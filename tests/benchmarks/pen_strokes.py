"""How well any runs read drawings: real pen strokes of other writers, drawn as the canvas draws them.

    PEN_DIGITS_PATH=pen_digits.jsonl.gz python -m tests.benchmarks.pen_strokes MODEL.keras …

`core.data.pen_digits` says whose strokes they are. Only the six writers are used that no network is trained on.
"""

import os
import sys
import time
from collections.abc import Iterator

import numpy as np

from core.data import pen_digits
from core.data.pen_digits import PEN_WIDTHS as WIDTHS
from core.data.pen_digits import PenDigits
from core.drawing.normalise import MNIST_OPTIONS, NormaliseOptions, to_digit
from core.drawing.pen_images import SIZES, draw

_SEED = 20


def kept_aside() -> PenDigits:
    """The digits of the writers that no network is trained on."""
    return pen_digits.load().by(pen_digits.KEPT_ASIDE)


def load() -> tuple[list[list[np.ndarray]], np.ndarray]:
    """The strokes of each digit of the writers kept aside, as (n, 2), and its label."""
    kept = kept_aside()
    return [list(strokes) for strokes in kept.strokes], kept.labels


def canvases(width: float, every: int = 1, sizes: tuple[float, float] = SIZES) -> Iterator[np.ndarray]:
    """All digits on canvases, drawn with a pen of this width; the same ones every time."""
    rng = np.random.default_rng(_SEED)
    yield from (draw(strokes, width, rng, sizes) for strokes in kept_aside().strokes[::every])


def digits(
    width: float, options: NormaliseOptions = MNIST_OPTIONS, every: int = 1, sizes: tuple[float, float] = SIZES
) -> np.ndarray:
    """What the network gets of them: uint8 (n, 28, 28)."""
    return np.stack([to_digit(rgba, options).digit for rgba in canvases(width, every, sizes)])


def main() -> None:
    from core.training.predict import Predictor

    every = int(os.environ.get("EVERY", "1"))
    labels = load()[1][::every]
    began = time.perf_counter()
    images = {width: digits(width, every=every) for width in WIDTHS}
    print(f"{3 * len(labels):,} drawings in {time.perf_counter() - began:.0f} s")
    for path in sys.argv[1:]:
        network = Predictor(path)
        predicted = {width: network.probabilities(images[width]).argmax(1) for width in WIDTHS}
        right = {width: predicted[width] == labels for width in WIDTHS}
        print(f"\n{path}: mean {np.mean([r.mean() for r in right.values()]):.2%}", flush=True)
        print("| digit |", *(f"{width} px |" for width in WIDTHS))
        for digit in range(10):
            print(f"| {digit} |", *(f"{right[width][labels == digit].mean():.2%} |" for width in WIDTHS))
        print("| all |", *(f"{right[width].mean():.2%} |" for width in WIDTHS))
        worst = _confusions(np.tile(labels, 3), np.concatenate(list(predicted.values())))
        print("worst confusions:", *worst, sep="\n  ", flush=True)


def _confusions(labels: np.ndarray, predicted: np.ndarray) -> list[str]:
    """The three commonest mistakes."""
    counts = np.bincount(labels * 10 + predicted, minlength=100).reshape(10, 10)
    shares = counts / counts.sum(1, keepdims=True)
    np.fill_diagonal(counts, 0)
    worst = [divmod(int(place), 10) for place in np.argsort(-counts.ravel(), kind="stable")[:3]]
    return [f"{a} read as {b}: {counts[a, b]} times, {shares[a, b]:.2%} of the {a}s" for a, b in worst]


if __name__ == "__main__":
    main()

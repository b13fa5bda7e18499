"""The detector of what is no digit: its training data, its file, and how well it works.

    PEN_DIGITS_PATH=… MNIST_PATH=… python -m tests.benchmarks.digit_check data FILE.npz     digits and what is none
    MNIST_PATH=FILE.npz python -m core train {options}
    PEN_DIGITS_PATH=… MNIST_PATH=… python -m tests.benchmarks.digit_check ship RUN          writes core/shipped
    PEN_DIGITS_PATH=… MNIST_PATH=… python -m tests.benchmarks.digit_check measure           tables for docs/drawing.md

Nothing that is measured was trained on: not the MNIST test set, the six writers kept aside, the fonts nor the shapes.
"""

import json
import sys
from collections.abc import Iterator

import numpy as np

from core import process_settings
from core.augment.redraw import Redrawer
from core.config.run_config import RunConfig
from core.data import mnist, pen_digits
from core.digits import Digits
from core.drawing import pen_images
from core.drawing.normalise import to_digit
from core.evaluation.digit_check import DIGIT, FILE, KINDS, DigitCheck
from core.network.numpy_network import Reader
from core.runs.store import RunStore
from tests.benchmarks import not_digit_data, not_digits, pen_strokes

NETWORK = "conv16x3-norm-pool2-conv32x3-norm-pool2-conv32x3-norm-dense64-norm"
OPTIONS = (
    f"--network {NETWORK} --augmentation 0.7 --pen 0.4 --epochs 5 --batch-size 256 --learning-rate 0.003 "
    "--schedule cosine --validate-on none"
)
_SEED = 23
_THRESHOLD_WRITERS = (27, 28, 29)  # of the training writers: their digits set the threshold and train nothing
WARNED = 0.018  # share of the digits for the threshold that get a warning
EACH = 5000  # shapes for training, and of most other kinds


def make_data(path: str) -> None:
    """Digits (MNIST and pen writers, half of them redrawn), and what is none, as an .npz that Digit Lab trains on."""
    rng, data = np.random.default_rng(_SEED), mnist.load()
    writers = set(pen_digits.TRAINING_WRITERS) - set(_THRESHOLD_WRITERS)
    pens = pen_images.training_digits(pen_digits.load().by(writers))
    real = Digits(np.concatenate([data.train.images, pens.images]), np.concatenate([data.train.labels, pens.labels]))
    styled = Redrawer(real.images, real.labels, RunConfig(augmentation=0.7, pen=0.4, styles=0.5)).draw_epoch(rng)
    others = not_digit_data.training(data.train, EACH, rng)
    images = np.concatenate([real.images, styled[::2], others.images])
    labels = np.concatenate([np.full(len(images) - len(others), DIGIT, np.uint8), others.labels])
    print({KINDS[kind]: int((labels == kind).sum()) for kind in range(len(KINDS))})
    order = rng.permutation(len(images))
    few = order[:1000]
    np.savez(path, x_train=images[order], y_train=labels[order], x_test=images[few], y_test=labels[few])


def ship(run_id: str) -> None:
    """Writes the network of a run, with a threshold from digits that it was not trained on."""
    run = RunStore().get(run_id)
    found = DigitCheck(Reader.of(run), 0.0)
    pens = pen_images.training_digits(pen_digits.load().by(_THRESHOLD_WRITERS))
    limits = [
        float(np.quantile(found.doubts(images), 1 - WARNED)) for images in (mnist.load().validation.images, pens.images)
    ]
    facts = {"config": run.config.to_dict(), "threshold": max(limits)}
    weights = {name: values.astype(np.float16) for name, values in found.reader.weights.items()}
    np.savez_compressed(FILE, facts=np.array(json.dumps(facts)), **weights)
    print(f"{FILE}: {FILE.stat().st_size:,} bytes, thresholds {limits}")


def others(each: int) -> Iterator[tuple[str, np.ndarray]]:
    """What is no digit and was never trained on."""
    rng = np.random.default_rng(5)
    for kind, draw in not_digits.KINDS.items():
        yield f"{kind}, drawn", np.stack([to_digit(rgba).digit for rgba in draw(each, rng)])
    yield "letters of other fonts", np.stack(list(not_digit_data.latin(each, rng)))
    yield "other scripts in other fonts", np.stack(list(not_digit_data.scripts(each, rng)))
    yield "signs of other fonts", np.stack(list(not_digit_data.signs(each, rng, test=True)))
    yield "two or three digits", np.stack(list(not_digit_data.several(mnist.load().test, each, rng)))
    yield "halves of digits", np.stack(list(not_digit_data.parts(mnist.load().test, each, rng)))


def measure() -> None:
    found = DigitCheck.load()
    print("| digits | warned |\n|---|---:|")
    print(f"| MNIST test | {np.mean(found.doubts(mnist.load().test.images) > found.threshold):.2%} |")
    for width in pen_strokes.WIDTHS:
        print(
            f"| kept writers, {width} px | {np.mean(found.doubts(pen_strokes.digits(width)) > found.threshold):.2%} |"
        )
    print("\n| no digits | warned |\n|---|---:|")
    for kind, images in others(1000):
        print(f"| {kind} | {np.mean(found.doubts(images) > found.threshold):.1%} |", flush=True)
    rng = np.random.default_rng(6)
    for kind, lines in {**not_digits.LETTERS, **not_digits.SHAPES}.items():
        images = np.stack([to_digit(not_digits.drawn(lines, rng)).digit for _ in range(60)])
        print(f"{kind} {np.mean(found.doubts(images) > found.threshold):.0%}", end=" · ", flush=True)


if __name__ == "__main__":
    process_settings.apply()
    match sys.argv[1:]:
        case ["data", path]:
            make_data(path)
        case ["ship", run_id]:
            ship(run_id)
        case ["measure"]:
            measure()
        case _:
            raise SystemExit((__doc__ or "").replace("{options}", OPTIONS))

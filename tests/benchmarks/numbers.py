"""How often a whole number of four pen digits on a wide canvas is read right: apart, close and touching.

PEN_DIGITS_PATH=pen_digits.jsonl.gz MNIST_PATH=… python -m tests.benchmarks.numbers MODEL.keras
"""

import sys

import numpy as np

from core import mnist
from core.drawing import find_ink, from_ink
from core.familiar import Familiar
from core.predict import Predictor
from core.segmentation import Found, Likeness, find, find_strokes
from core.strokes import Stroke, render, through_midpoints
from tests.benchmarks import pen_strokes

WIDE, HIGH, DIGITS, NUMBERS = 1000, 280, 4, 200
GAPS = {"apart": (0.15, 0.35), "close": (0.02, 0.1), "touching": (-0.12, -0.02)}  # of the digits' height


def written(rng: np.random.Generator, strokes: list[list[np.ndarray]], gap: tuple[float, float]) -> list[Stroke]:
    """Digits of about the same height side by side, with a pen of 14 pixels."""
    height, at, number = rng.uniform(110, 160), 20.0, []
    for digit in strokes:
        points = np.concatenate(digit)
        scale = height * rng.uniform(0.9, 1.1) / max(np.ptp(points[:, 1]), np.ptp(points[:, 0]) * 0.8, 1)
        low = points.min(0)
        corner = np.array([at, 60 + rng.uniform(-8, 8)])
        number += [Stroke(through_midpoints((part - low) * scale + corner), 14.0) for part in digit]
        at += np.ptp(points[:, 0]) * scale + 14 + rng.uniform(*gap) * height
    return number


def main() -> None:
    network, data = Predictor(sys.argv[1]), mnist.load()
    familiar = Familiar.learn(data.train.images[:20000], data.validation.images)

    def likeness(images: np.ndarray) -> np.ndarray:
        return np.log(network.probabilities(images).max(1)) - 5 * familiar.strangeness(images)

    def read(found: list[Found]) -> list[int]:
        return network.probabilities(np.stack([from_ink(one.ink).digit for one in found])).argmax(1).tolist()

    strokes, labels = pen_strokes.load()
    for name, gap in GAPS.items():
        rng, right, parted = np.random.default_rng(7), np.zeros(2), np.zeros(2)
        for _ in range(NUMBERS):
            chosen = rng.integers(len(labels), size=DIGITS)
            number = written(rng, [strokes[i] for i in chosen], gap)
            ink = find_ink(render(number, HIGH, WIDE))
            for way, found in enumerate((_strokes(number, likeness), find(ink, likeness))):
                parted[way] += len(found) == DIGITS
                right[way] += read(found) == labels[chosen].tolist()
        print(f"{name}: {DIGITS} digits found {parted / NUMBERS}, all read right {right / NUMBERS} (strokes, ink)")


def _strokes(number: list[Stroke], likeness: Likeness) -> list[Found]:
    return find_strokes(number, likeness)


if __name__ == "__main__":
    main()

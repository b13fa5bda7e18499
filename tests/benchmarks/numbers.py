"""How often a whole number of four pen digits on a wide canvas is read right: apart, close and touching.

PEN_DIGITS_PATH=pen_digits.jsonl.gz MNIST_PATH=… python -m tests.benchmarks.numbers MODEL.keras
"""

import sys

import numpy as np

from core.data import mnist
from core.drawing.digit_region import FoundDigit
from core.drawing.normalise import extract_ink
from core.drawing.novelty import NoveltyDetector
from core.drawing.segmentation import find_digits, find_digits_in_strokes
from core.drawing.strokes import Stroke, render, smooth_curve
from core.evaluation import digit_check
from core.training.predict import Predictor
from tests.benchmarks import pen_strokes

WIDE, HIGH, DIGITS, NUMBERS = 1000, 280, 4, 200
GAPS = {"apart": (0.15, 0.35), "close": (0.02, 0.1), "touching": (-0.12, -0.02)}  # of the digits' height


def written(
    rng: np.random.Generator, strokes: list[list[np.ndarray]], gap: tuple[float, float], pen: float = 14.0
) -> list[Stroke]:
    """Digits of about the same height side by side."""
    height, at, number = rng.uniform(110, 160), 20.0, []
    for digit in strokes:
        points = np.concatenate(digit)
        scale = height * rng.uniform(0.9, 1.1) / max(np.ptp(points[:, 1]), np.ptp(points[:, 0]) * 0.8, 1)
        low = points.min(0)
        corner = np.array([at, 60 + rng.uniform(-8, 8)])
        number += [Stroke(smooth_curve((part - low) * scale + corner), pen) for part in digit]
        at += np.ptp(points[:, 0]) * scale + pen + rng.uniform(*gap) * height
    return number


class Reader:
    """A network that reads what was found in a picture, and says how much each part looks like a digit."""

    def __init__(self, model: str) -> None:
        data = mnist.load()
        self.network = Predictor(model)
        self.familiar = NoveltyDetector.from_digits(data.train.images[:20000], data.validation.images)

        self.probabilities, self.novelty_score = self.network.probabilities, self.familiar.novelty_score
        self.novelty_threshold, self.doubts = self.familiar.threshold, digit_check.shipped().doubts

    def read(self, found: list[FoundDigit]) -> list[int]:
        return [int(digit.probabilities.argmax()) for digit in found]


def main() -> None:
    reader = Reader(sys.argv[1])
    strokes, labels = pen_strokes.load()
    for name, gap in GAPS.items():
        rng, right, parted = np.random.default_rng(7), np.zeros(2), np.zeros(2)
        for _ in range(NUMBERS):
            chosen = rng.integers(len(labels), size=DIGITS)
            number = written(rng, [strokes[i] for i in chosen], gap)
            ink = extract_ink(render(number, HIGH, WIDE))
            for way, found in enumerate((find_digits_in_strokes(number, reader), find_digits(ink, reader))):
                parted[way] += len(found) == DIGITS
                right[way] += reader.read(found) == labels[chosen].tolist()
        print(f"{name}: {DIGITS} digits found {parted / NUMBERS}, all read right {right / NUMBERS} (strokes, ink)")


if __name__ == "__main__":
    main()

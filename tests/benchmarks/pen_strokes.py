"""How well any runs read drawings: real pen strokes of other writers, drawn as the canvas draws them.

    PEN_DIGITS_PATH=pen_digits.jsonl.gz python -m tests.benchmarks.pen_strokes MODEL.keras …

The strokes are UCI's Pen-Based Recognition of Handwritten Digits (original traces; Alimoglu and Alpaydin; CC BY 4.0),
one JSON object a line: label, writer, id, strokes (each a flat list x0, y0, x1, y1 …, y downwards). Nothing is trained
on them.
"""

import gzip
import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from core.drawing.normalise import MNIST_OPTIONS, NormaliseOptions, to_digit
from core.drawing.strokes import Stroke, render, smooth_curve

SIDE = 280  # of the canvas
WIDTHS = (12, 20, 28)
_SEED = 20


def load() -> tuple[list[list[np.ndarray]], np.ndarray]:
    """The strokes of each digit, as (n, 2), and its label."""
    path = os.environ.get("PEN_DIGITS_PATH")
    if not path:
        raise SystemExit("Set PEN_DIGITS_PATH to the pen digits (JSON lines, gzipped).")
    with gzip.open(Path(path), "rt", encoding="utf-8") as lines:
        digits = [json.loads(line) for line in lines]
    strokes = [[np.asarray(s, float).reshape(-1, 2) for s in digit["strokes"]] for digit in digits]
    return strokes, np.array([digit["label"] for digit in digits])


def canvas(strokes: list[np.ndarray], width: float, rng: np.random.Generator) -> np.ndarray:
    """One digit on the canvas, uint8 (280, 280, 4): its ink's longer side takes 40 to 90 %, its place is random."""
    points = np.concatenate(strokes)
    low, span = points.min(0), np.ptp(points, axis=0)
    scale = (rng.uniform(0.4, 0.9) * SIDE - width) / max(span.max(), 1)
    ink = span * scale + width
    corner = rng.uniform(0, 1, 2) * (SIDE - ink) + width / 2
    drawn = [Stroke(smooth_curve((part - low) * scale + corner), width) for part in strokes]
    return render(drawn, SIDE, SIDE)


def canvases(width: float, every: int = 1) -> Iterator[np.ndarray]:
    """All digits on canvases, drawn with a pen of this width; the same ones every time."""
    rng = np.random.default_rng(_SEED)
    yield from (canvas(strokes, width, rng) for strokes in load()[0][::every])


def digits(width: float, options: NormaliseOptions = MNIST_OPTIONS, every: int = 1) -> np.ndarray:
    """What the network gets of them: uint8 (n, 28, 28)."""
    return np.stack([to_digit(rgba, options).digit for rgba in canvases(width, every)])


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

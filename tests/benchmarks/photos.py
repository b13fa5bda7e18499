"""How often a number of four pen digits is read correctly on a simulated photograph with paper, light, lens and JPEG.

    PEN_DIGITS_PATH=pen_digits.jsonl.gz MNIST_PATH=… python -m tests.benchmarks.photos MODEL.keras

The strokes are those of real writers, the photographs are not: each is paper with a pen's ink on it, seen from aslant,
lit from one side, blurred, grained and saved as a JPEG.
"""

import io
import sys
import time
from dataclasses import dataclass

import numpy as np
from PIL import Image
from scipy import ndimage

from core.drawing import photo
from core.drawing.segmentation import find_digits
from core.drawing.strokes import render
from core.errors import DrawingError
from tests.benchmarks import pen_strokes
from tests.benchmarks.numbers import DIGITS, GAPS, HIGH, WIDE, Reader, written

NUMBERS = 50
PAPER = 1600, 900  # pixels


@dataclass(frozen=True)
class Circumstances:
    """What stands between the ink and the file. Shares of the light, pixels, degrees, grey values."""

    pen: float = 12.0
    ruled: int = 0  # pixels between the lines; 0: blank paper
    squared: bool = False
    shade: float = 0.0  # by how much the far side is darker
    shadow: float = 0.0  # of a hand, with a soft edge
    tilt: float = 0.0  # degrees at most
    aslant: float = 0.0  # how much narrower the far edge is, at most
    blur: float = 0.0
    grain: float = 0.0
    quality: int = 90
    inverted: bool = False  # chalk on a board


KINDS = {
    "a scan": Circumstances(grain=2),
    "a thin pen, scanned": Circumstances(pen=6, grain=2),
    "by a window": Circumstances(shade=0.5, tilt=4, blur=1, grain=5, quality=75),
    "lined paper, by a window": Circumstances(ruled=64, shade=0.4, tilt=2, blur=1, grain=5, quality=75),
    "squared paper, in a hand's shadow": Circumstances(
        ruled=44, squared=True, shade=0.3, shadow=0.35, tilt=2, blur=1, grain=5, quality=75
    ),
    "from aslant, in the evening": Circumstances(
        shade=0.6, shadow=0.3, tilt=6, aslant=0.15, blur=1.6, grain=10, quality=60
    ),
    "chalk on a board": Circumstances(shade=0.3, tilt=3, blur=1, grain=8, quality=75, inverted=True),
}


def photographed(rng: np.random.Generator, ink: np.ndarray, how: Circumstances) -> bytes:
    """A JPEG of `ink`, float (h, w) in [0, 1], on paper."""
    width, height = PAPER
    y, x = np.mgrid[:height, :width] / height
    paper = np.ones((height, width))
    if how.ruled:
        rows, columns = np.mgrid[:height, :width]
        lines = rows % how.ruled < 3
        if how.squared:
            lines |= columns % how.ruled < 3
        paper[lines] = 0.78
    top, left = rng.integers(100, height - ink.shape[0] - 100), rng.integers(100, width - ink.shape[1] - 100)
    paper[top : top + ink.shape[0], left : left + ink.shape[1]] *= 1 - 0.8 * ink
    seen = Image.fromarray((255 * paper).astype(np.uint8))
    slant, turn = rng.uniform(0, how.aslant), rng.uniform(-how.tilt, how.tilt)
    corners = (-slant * width / 2, 0, 0, height, width, height, width * (1 + slant / 2), 0)
    seen = seen.transform(PAPER, Image.Transform.QUAD, corners, Image.Resampling.BICUBIC, fillcolor=255)
    seen = seen.rotate(turn, Image.Resampling.BICUBIC, fillcolor=255)
    light = 225 * (1 - how.shade * x / x.max())
    if how.shadow:
        edge = 0.3 * rng.uniform(0.5, 2) + 0.4 * y
        light *= 1 - how.shadow / (1 + np.exp((x - edge) * 25))
    grey = ndimage.gaussian_filter(np.asarray(seen) / 255 * light, how.blur)
    grey = grey + rng.normal(0, how.grain, grey.shape)
    grey = np.clip(255 - grey if how.inverted else grey, 0, 255)
    file = io.BytesIO()
    Image.fromarray(grey.astype(np.uint8)).save(file, "JPEG", quality=how.quality)
    return file.getvalue()


def main() -> None:
    reader = Reader(sys.argv[1])
    strokes, labels = pen_strokes.load()
    print("| photograph | four digits found | all four right | seconds a picture |\n|---|---:|---:|---:|")
    for name, how in KINDS.items():
        rng, parted, right, seconds = np.random.default_rng(11), 0, 0, 0.0
        for _ in range(NUMBERS):
            chosen = rng.integers(len(labels), size=DIGITS)
            number = written(rng, [strokes[i] for i in chosen], GAPS["apart"], how.pen)
            content = photographed(rng, render(number, HIGH, WIDE)[..., 0] / 255, how)
            began = time.perf_counter()
            try:
                found = find_digits(photo.extract_photo_ink(photo.read(content)), reader)
                parted += len(found) == DIGITS
                right += reader.read(found) == labels[chosen].tolist()
            except DrawingError as error:
                print(error, file=sys.stderr)
            seconds += time.perf_counter() - began
        print(f"| {name} | {parted / NUMBERS:.0%} | {right / NUMBERS:.0%} | {seconds / NUMBERS:.2f} |", flush=True)


if __name__ == "__main__":
    main()

"""How often a drawn page is read wholly right, for each kind of difficulty, and how far the trust shown can be trusted.

    MNIST_PATH=… python -m tests.benchmarks.paper core/shipped/model.keras [PAGES OF A KIND] [SEED]

The pages are those of `tests/drawn_pages.py`: half by a pen, half from MNIST test images that the model reads surely.
MNIST test images uploaded as PNG files follow.
"""

import io
import itertools
import sys
import time
from collections.abc import Iterator

import numpy as np
from PIL import Image

from core.data import mnist
from core.drawing import photo
from core.drawing.page_reading import read_page
from core.errors import DrawingError
from tests.benchmarks.numbers import Reader
from tests.drawn_pages import KINDS, draw_page
from tests.written_digits import by_pen, from_images

UPLOADS = 400
SURE = 0.98
BANDS = (0.0, 0.5, 0.7, 0.9, 0.97, 1.01)


def read(content: bytes, reader: Reader) -> tuple[str, float]:
    """What is read in a picture's file, and the probability that it is right."""
    try:
        page = read_page(photo.extract_photo_ink(photo.read(content)), reader)
    except DrawingError:
        return "", 0.0
    return page.text, page.probability


def outcomes(reader: Reader, pages: int, seed: int) -> Iterator[tuple[str, bool, float, float]]:
    """For each page: its kind, whether it is read right, the probability shown, and seconds of processor time."""
    test = mnist.load().test
    shares = reader.probabilities(test.images)
    legible = (shares.argmax(1) == test.labels) & (shares.max(1) > SURE)
    writers = by_pen, from_images(test.images[legible], test.labels[legible])
    for number, kind in enumerate(KINDS):
        rng = np.random.default_rng([seed, number])
        for page in range(pages):
            content, text = draw_page(rng, kind, writers[page % 2])
            began = time.process_time()
            got, probability = read(content, reader)
            yield kind, got == text, probability, time.process_time() - began


def uploads(reader: Reader) -> int:
    """How many of `UPLOADS` MNIST test images are read right as PNG files."""
    test, right = mnist.load().test, 0
    for place in range(0, len(test.images), len(test.images) // UPLOADS):
        file = io.BytesIO()
        Image.fromarray(test.images[place]).save(file, "PNG")
        right += read(file.getvalue(), reader)[0] == str(test.labels[place])
    return right


def main() -> None:
    reader = Reader(sys.argv[1])
    pages, seed = (int(number) for number in [*sys.argv[2:], "10", "1"][:2])
    results = list(outcomes(reader, pages, seed))
    print("| page | wholly right | seconds per picture |\n|---|---:|---:|")
    for kind in KINDS:
        own = [(right, seconds) for name, right, _, seconds in results if name == kind]
        print(f"| {kind} | {sum(right for right, _ in own)} of {len(own)} | {np.mean([s for _, s in own]):.2f} |")
    print(f"| all | {sum(right for _, right, _, _ in results)} of {len(results)} | |\n")
    print("| probability shown | pages | right |\n|---|---:|---:|")
    for low, high in itertools.pairwise(BANDS):
        own = [right for _, right, probability, _ in results if low <= probability < high]
        if own:
            print(f"| {low:.0%} to {min(high, 1):.0%} | {len(own)} | {np.mean(own):.0%} |")
    print(f"\nMNIST test images as PNG: {uploads(reader)} of {UPLOADS}", flush=True)


if __name__ == "__main__":
    main()

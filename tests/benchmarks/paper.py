"""How often a drawn page is read wholly right, for each kind of difficulty, and how far the trust shown can be trusted.

    MNIST_PATH=… python -m tests.benchmarks.paper core/shipped/model.keras [PAGES OF A KIND] [SEED]

The pages are those of `tests/drawn_pages.py`: half by a pen, half from MNIST test images that the model reads surely.
Pages of letters and shapes follow, and MNIST test images uploaded as PNG files.
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
from core.drawing.page_reading import PageReading, read_page
from core.errors import DrawingError
from tests.benchmarks import marked_pages
from tests.benchmarks.numbers import Reader
from tests.drawn_pages import KINDS, draw_page
from tests.written_digits import by_pen, from_images

UPLOADS = 400
MARKED_PAGES = 40  # of each kind
SURE = 0.98
BANDS = (0.0, 0.5, 0.7, 0.9, 0.97, 1.01)


def read(content: bytes, reader: Reader) -> PageReading | None:
    """What is read in a picture's file; None if nothing can be."""
    try:
        return read_page(photo.extract_photo_ink(photo.read(content)), reader)
    except DrawingError:
        return None


def outcomes(reader: Reader, pages: int, seed: int) -> Iterator[tuple[str, bool, float, float]]:
    """For each page: its kind, whether it is read right, the probability shown, and seconds of processor time."""
    test = mnist.load().test
    shares = reader.probabilities(test.images)
    legible = (shares.argmax(1) == test.labels) & (shares.max(1) > SURE)
    writers = by_pen, from_images(test.images[legible], test.labels[legible])
    for number, kind in enumerate(KINDS):
        rng = np.random.default_rng([seed, number])
        for place in range(pages):
            content, text = draw_page(rng, kind, writers[place % 2])
            began = time.process_time()
            page = read(content, reader)
            seconds = time.process_time() - began
            yield kind, bool(page and page.text == text), page.probability if page else 0.0, seconds


def uploads(reader: Reader) -> int:
    """How many of `UPLOADS` MNIST test images are read right as PNG files."""
    test, right = mnist.load().test, 0
    for place in range(0, len(test.images), len(test.images) // UPLOADS):
        file = io.BytesIO()
        Image.fromarray(test.images[place]).save(file, "PNG")
        page = read(file.getvalue(), reader)
        right += bool(page and page.text == str(test.labels[place]))
    return right


def marks_refused(reader: Reader, kind: str, seed: int) -> tuple[int, int]:
    """On pages without digits: how many marks are boxed as no digit, of how many."""
    files = marked_pages.pages(kind, MARKED_PAGES, np.random.default_rng([seed, marked_pages.KINDS.index(kind)]))
    are_digits = np.concatenate([page.are_digits for page in (read(file, reader) for file in files) if page])
    return int((~are_digits).sum()), len(are_digits)


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
    print("\n| marks | boxed as no digit |\n|---|---:|")
    for kind in marked_pages.KINDS:
        refused, found = marks_refused(reader, kind, seed)
        print(f"| {kind} | {refused} of {found} |", flush=True)
    print(f"\nMNIST test images as PNG: {uploads(reader)} of {UPLOADS}", flush=True)


if __name__ == "__main__":
    main()

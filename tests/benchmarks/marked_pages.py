"""Pages of marks that are no digits: letters and shapes by a pen, and letters of fonts that the detector never saw."""

from collections.abc import Iterator

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from tests.benchmarks import not_digits
from tests.benchmarks.not_digit_data import LATIN, draws, font_files
from tests.drawn_page import Page
from tests.drawn_pages import blank_page, save
from tests.written_digits import by_pen, render_lines

KINDS = ("letters by a pen", "shapes by a pen", "letters of fonts")
MARKS = 6  # at most, on a page


def pages(kind: str, number: int, rng: np.random.Generator) -> Iterator[bytes]:
    """The files of so many pages."""
    for _ in range(number):
        page = blank_page(rng, by_pen)
        at, base = 50.0, page.size[1] * 0.5
        for _ in range(MARKS):
            mask = _mark(kind, page, rng)
            if at + mask.shape[1] > page.size[0]:
                break
            page.put(mask, at, base - mask.shape[0])
            at += mask.shape[1] + page.height * rng.uniform(0.4, 0.7)
        yield save(page, "plain")


def _mark(kind: str, page: Page, rng: np.random.Generator) -> np.ndarray:
    """The ink of one mark, float (h, w) in [0, 1]."""
    if kind == KINDS[2]:
        return _glyph(page.height, rng)
    lines = list((not_digits.LETTERS if kind == KINDS[0] else not_digits.SHAPES).values())
    return render_lines(rng, lines[int(rng.integers(len(lines)))], page.height, page.pen)


def _glyph(height: float, rng: np.random.Generator) -> np.ndarray:
    fonts, size = font_files(test=True), round(1.3 * height)
    while True:
        path, character = fonts[int(rng.integers(len(fonts)))], LATIN[int(rng.integers(len(LATIN)))]
        if draws(path, character):
            break
    paper = Image.new("L", (4 * size, 3 * size))
    ImageDraw.Draw(paper).text((2 * size, 1.5 * size), character, 255, ImageFont.truetype(path, size), anchor="mm")
    return np.asarray(paper.crop(paper.getbbox())) / 255

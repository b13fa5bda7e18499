"""Pages of digits that tests and benchmarks draw: paper, ruling, inks and file formats.

    content, text = draw_page(rng, "ruled", writer)

`KINDS` names the kinds. Each page is another one: size, place, slope, blur, grain and file format are drawn at random.
"""

import io
from collections.abc import Callable

import numpy as np
from PIL import Image
from scipy import ndimage

from tests import page_light
from tests.drawn_page import BLACK, BLUE, GREEN, ORANGE, PENCIL, RED, Page
from tests.written_digits import Writer, render_lines


def digits_for(rng: np.random.Generator, count: int) -> str:
    return "".join(str(digit) for digit in rng.integers(0, 10, count))


def _plain(page: Page) -> None:
    page.row(digits_for(page.rng, int(page.rng.integers(4, 9))), 60, page.size[1] * page.rng.uniform(0.4, 0.7))


def _sloping(page: Page) -> None:
    slope = np.tan(np.deg2rad(page.rng.uniform(3, 10) * page.rng.choice([-1, 1])))
    base = page.size[1] * (0.75 if slope < 0 else 0.35)
    page.row(digits_for(page.rng, int(page.rng.integers(6, 10))), 50, base, slope=slope)


def _converging(page: Page) -> None:
    slopes = np.tan(np.deg2rad(page.rng.uniform(-4, 4) + np.array([-3.0, 0, 3])))
    page.height *= 0.8
    for place, slope in enumerate(slopes if page.rng.random() < 0.5 else slopes[::-1]):
        # The lines come closer to one another to the right, or to the left.
        base = page.size[1] * (0.28 + 0.26 * place)
        page.row(digits_for(page.rng, int(page.rng.integers(2, 7))), page.rng.uniform(40, 90), base, slope=slope * 0.6)


def _ruled(page: Page) -> None:
    wide, high = page.size
    tilt, spread = page.rng.uniform(-0.06, 0.06), page.rng.uniform(0, 0.06)
    for y in np.arange(page.rng.uniform(10, 40), high, page.height * page.rng.uniform(0.6, 1.1)):
        slope = tilt + spread * (y / high - 0.5)
        colour = tuple(int(c) for c in page.rng.integers(120, 190, 3)) if page.rng.random() < 0.01 else (150, 165, 195)
        page.line([(0, y - slope * wide / 2), (wide, y + slope * wide / 2)], page.rng.uniform(1.5, 2.5), colour)
    if page.rng.random() < 0.4:
        x = page.rng.uniform(15, 40)
        page.line([(x, 0), (x + tilt * high, high)], 2, (220, 120, 120))
    _plain(page)


def _squared(page: Page) -> None:
    wide, high = page.size
    apart, tilt = page.height * page.rng.uniform(0.3, 0.6), page.rng.uniform(-0.04, 0.04)
    for y in np.arange(-100, high + 100, apart):
        page.line([(0, y), (wide, y + tilt * wide)], 1.5, (170, 180, 205))
    for x in np.arange(-100, wide + 100, apart):
        page.line([(x, 0), (x - tilt * high, high)], 1.5, (170, 180, 205))
    _plain(page)


def _boxes(page: Page, gap: float, *, open_top: bool = False) -> None:
    width = page.height * page.rng.uniform(1.15, 1.5)
    count = int(page.rng.integers(3, min(7, (page.size[0] - 90) // (width + gap))))
    left, base = 70.0, page.size[1] * 0.6
    top, bottom = base - page.height * 1.3, base + page.height * 0.2
    pen, colour = page.rng.uniform(2, 4), (60, 60, 65)
    if open_top:
        page.line([(left, bottom), (left + count * width, bottom)], pen, colour)
        for place in range(count + 1):
            x = left + place * width
            page.line([(x, bottom), (x, bottom - page.height * page.rng.choice([0.3, 0.3, 0.9]))], pen, colour)
    else:
        for place in range(count):
            x = left + place * (width + gap)
            page.line([(x, top), (x + width, top), (x + width, bottom), (x, bottom), (x, top)], pen, colour)
    page.row(digits_for(page.rng, count), left, base, step=width + gap)


def _underlined(page: Page) -> None:
    page.row(digits_for(page.rng, int(page.rng.integers(2, 7))), 90, page.size[1] * 0.55)
    left, right, base = page.boxes[0][0], page.boxes[-1][2], max(box[3] for box in page.boxes)
    x = np.linspace(left - 10, right + 10, 30)
    y = base + page.height * page.rng.uniform(0.12, 0.3) + page.rng.uniform(-0.05, 0.05) * (x - left)
    for extra in range(int(page.rng.integers(1, 3))):
        wavy = y + 2 * np.sin(x / 40) + 0.18 * extra * page.height
        page.line(list(zip(x.tolist(), wavy.tolist(), strict=True)), page.pen * 0.8, BLACK)


def _ringed(page: Page) -> None:
    page.row(digits_for(page.rng, int(page.rng.integers(1, 5))), 190, page.size[1] * 0.55)
    left, right = page.boxes[0][0], page.boxes[-1][2]
    top, bottom = min(box[1] for box in page.boxes), max(box[3] for box in page.boxes)
    angles = np.linspace(0, 2 * np.pi * page.rng.uniform(0.98, 1.04), 60)
    x = (left + right) / 2 + (0.72 * (right - left) + 12) * np.cos(angles)
    y = (top + bottom) / 2 + (0.75 * (bottom - top) + 6) * np.sin(angles)
    page.line(list(zip(x.tolist(), y.tolist(), strict=True)), page.pen * 0.8, BLACK)


def _inks(page: Page) -> None:
    count = int(page.rng.integers(5, 9))
    palette = [
        (BLACK, BLUE, RED),
        (BLUE, RED, GREEN),
        (BLACK, PENCIL, PENCIL),
        (BLUE, PENCIL, RED),
        (BLACK, ORANGE, BLUE),
    ]
    chosen = palette[int(page.rng.integers(len(palette)))]
    page.row(
        digits_for(page.rng, count), 50, page.size[1] * 0.55, colours=[chosen[3 * i // count] for i in range(count)]
    )


def _one_ink(page: Page) -> None:
    colour = [PENCIL, ORANGE, RED, (240, 180, 40)][int(page.rng.integers(4))]
    page.row(digits_for(page.rng, 6), 50, page.size[1] * 0.55, colours=[colour] * 6)


def _pieces(page: Page) -> None:
    """One digit whose parts do not touch: the bar of a 5, the foot of a 1, the halves of a 4, the loops of an 8."""
    gap = page.rng.uniform(0.05, 0.12)
    ways = {
        "5": [[(0.15 + gap, -0.02), (0.6 + gap, -0.04)], [(0.08, 0.02), (0.04, 0.45), (0.3, 0.42), (0.55, 0.6),
              (0.52, 0.85), (0.25, 1), (0, 0.9)]],
        "1": [[(0.05, 0.2), (0.25, 0), (0.25, 0.95)], [(0.02, 1 + gap), (0.48, 1 + gap)]],
        "4": [[(0.1, 0), (0, 0.55), (0.42 - gap, 0.55)], [(0.5, 0.05), (0.48, 1)]],
        "7": [[(0, 0), (0.55, 0)], [(0.58, gap), (0.25, 1)]],
    }  # fmt: skip
    page.text = str(page.rng.choice(list(ways)))
    page.height *= 1.5
    page.put(render_lines(page.rng, ways[page.text], page.height, page.pen), page.size[0] * 0.4, page.size[1] * 0.3)


def _specks(page: Page) -> None:
    _plain(page)
    for _ in range(int(page.rng.integers(4, 40))):
        x, y = page.rng.uniform(0, page.size[0]), page.rng.uniform(0, page.size[1])
        page.line([(x, y), (x + page.rng.uniform(1, 5), y + page.rng.uniform(0, 4))], page.rng.uniform(1, 4), BLACK)


def _small(page: Page) -> None:
    """A drawing program's small picture with a thick pen: light on dark, or dark on light."""
    side = int(page.rng.integers(100, 300))
    page.text = digits_for(page.rng, 1)
    page.seen = np.zeros((side, side, 3))
    mask = page.write(page.rng, int(page.text), side * page.rng.uniform(0.6, 0.85), side * page.rng.uniform(0.08, 0.15))
    page.put(mask, (side - mask.shape[1]) / 2, (side - mask.shape[0]) / 2, (255, 255, 255))
    if page.rng.random() < 0.5:
        page.seen = 1 - page.seen


def _seen(light: Callable[[Page], None]) -> Callable[[Page], None]:
    """A plain page, and then what the photograph adds."""

    def draw(page: Page) -> None:
        _plain(page)
        light(page)

    return draw


KINDS: dict[str, Callable[[Page], None]] = {
    "plain": _plain, "sloping": _sloping, "converging lines": _converging, "ruled": _ruled, "squared": _squared,
    "boxes": lambda page: _boxes(page, 0.3 * page.height), "comb": lambda page: _boxes(page, 0),
    "open comb": lambda page: _boxes(page, 0, open_top=True), "underlined": _underlined, "ringed": _ringed,
    "several inks": _inks, "one light ink": _one_ink, "pieces": _pieces, "specks": _specks,
    "table": _seen(page_light.table), "thing": _seen(page_light.thing), "vignette": _seen(page_light.vignette),
    "sharp shadow": _seen(page_light.shadow), "uneven light": _seen(page_light.uneven), "thick and small": _small,
    "chalk": _seen(page_light.chalk), "turned": _plain, "16 bits": _plain, "transparent": _plain,
}  # fmt: skip


def blank_page(rng: np.random.Generator, write: Writer) -> Page:
    """Paper of a random size and colour, and a pen for it."""
    wide = int(rng.choice([900, 1200, 1600]))
    high = round(wide * rng.uniform(0.55, 0.75))
    scale = wide / 1000
    paper = np.array([1, rng.uniform(0.97, 1), rng.uniform(0.92, 1)]) * rng.uniform(0.85, 0.97)
    return Page(
        rng,
        write,
        np.broadcast_to(paper, (high, wide, 3)).copy(),
        scale * rng.uniform(4, 9),
        scale * rng.uniform(70, 100),
    )


def draw_page(rng: np.random.Generator, kind: str, write: Writer) -> tuple[bytes, str]:
    """The file's bytes, and the digits that stand on the page."""
    page = blank_page(rng, write)
    KINDS[kind](page)
    if kind == "turned":
        page.seen = np.rot90(page.seen, int(rng.choice([1, 3])))
    return save(page, kind), page.text


def save(page: Page, kind: str) -> bytes:
    """The bytes of a file as a camera or a program writes them."""
    rng, file = page.rng, io.BytesIO()
    if kind == "16 bits":
        deep = Image.fromarray((page.seen.mean(2) * 65535).astype(np.uint16))
        deep.save(file, "PNG")
        return file.getvalue()
    if kind == "transparent":
        alpha = np.clip((0.9 - page.seen.min(2)) / 0.7, 0, 1)[..., None]
        colour = np.broadcast_to(rng.choice([0.0, 1.0]), page.seen.shape)
        Image.fromarray((255 * np.concatenate([colour, alpha], 2)).astype(np.uint8)).save(file, "PNG")
        return file.getvalue()
    blur, grain = (0, 0) if kind == "thick and small" else (rng.uniform(0, 1.5), rng.uniform(0, 5))
    noisy = (
        ndimage.gaussian_filter(255 * page.seen, (blur, blur, 0)) + rng.normal(0, grain, page.seen.shape[:2])[..., None]
    )
    picture = Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8))
    if rng.random() < 0.7:
        picture.save(file, "JPEG", quality=int(rng.integers(60, 95)))
    else:
        picture.save(file, "PNG")
    return file.getvalue()

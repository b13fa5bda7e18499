"""Digits, matrices and bars as HTML. They follow the theme, wrap on a phone, and have a text alternative."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

from core.data.class_names import DIGITS, Names
from core.digits import NUM_CLASSES
from pages.shared.image_uri import png_uri


def picture(pixels: np.ndarray, wide: int, alt: str, caption: str = "", high: int = 0, here: str = "") -> str:
    """One image, `wide` pixels on screen or less if it does not fit. here: HTML drawn over it, see `mark`."""
    size = f"width:{wide}px;" + (f"height:{high}px" if high else "aspect-ratio:auto")
    image = f"<img class='pix' src='{png_uri(pixels)}' style='{size}' alt='{escape(alt)}'>"
    below = f"<figcaption>{caption}</figcaption>" if caption else ""
    return f"<figure><span class='frame'>{image}{here}</span>{below}</figure>"


def mark(left: float, top: float, wide: float, high: float) -> str:
    """A frame around a part of an image. All four values are fractions of its sides."""
    place = f"left:{left:.3%};top:{top:.3%};width:{wide:.3%};height:{high:.3%}"
    return f"<span class='here' style='{place}'></span>"


def stack(pictures: Sequence[np.ndarray], side: int, alt: str, overlap: float = 0.72) -> str:
    """Overlapping images, the first on top."""
    tags = [
        f"<img class='pix' src='{png_uri(pixels)}' alt='' style='width:{side}px;height:{side}px;position:relative;"
        f"z-index:{len(pictures) - n};{f'margin-left:-{overlap * side:.0f}px' if n else ''}'>"
        for n, pixels in enumerate(pictures)
    ]
    return f"<span class='stack' role='img' aria-label='{escape(alt)}'>{''.join(tags)}</span>"


def film(video: np.ndarray, side: int, alt: str) -> str:
    """The frames of a video, uint8 (n, h, w, 3), as a strip of film."""
    frames = "".join(f"<img class='pix' src='{png_uri(f)}' alt='' style='width:{side}px'>" for f in video)
    return f"<span class='film' role='img' aria-label='{escape(alt)}'>{frames}</span>"


def line(*parts: str, top: bool = False) -> str:
    """Images, matrices and signs side by side. A part that does not start with < is a sign."""
    cells = "".join(part if part.startswith("<") else f"<span class='sign'>{escape(part)}</span>" for part in parts)
    return f"<div class='line{' top' if top else ''}'>{cells}</div>"


def matrix(
    values: np.ndarray,
    *,
    title: str = "",
    written: str = "{}",
    on: np.ndarray | None = None,
    again: np.ndarray | None = None,
    small: bool = False,
) -> str:
    """A small matrix as a table. `on` marks cells to emphasise, `again` marks repeated cells."""
    values = np.atleast_2d(values)
    kinds = np.full(values.shape, "", dtype="U5")
    for name, marks in (("on", on), ("again", again)):
        if marks is not None:
            kinds[np.atleast_2d(marks)] = name
    rows = "".join(
        "<tr>" + "".join(_cell(written.format(v), kind) for v, kind in zip(row, row_kinds, strict=True)) + "</tr>"
        for row, row_kinds in zip(values, kinds, strict=True)
    )
    caption = f"<caption>{escape(title)}</caption>" if title else ""
    return f"<table class='matrix{' small' if small else ''}'>{caption}{rows}</table>"


def _cell(text: str, kind: str) -> str:
    return f"<td class='{kind}'>{escape(text)}</td>" if kind else f"<td>{escape(text)}</td>"


def table(head: Sequence[str], rows: Sequence[Sequence[str]], *, numbers: Sequence[int] = (), on: int = -1) -> str:
    """A table of HTML cells; the columns `numbers` are right-aligned, row `on` is emphasised."""
    heads = "".join(f"<th>{cell}</th>" for cell in head)
    body = "".join(
        f"<tr class='{'on' if n == on else ''}'>"
        + "".join(f"<td class='{'n' if at in numbers else ''}'>{cell}</td>" for at, cell in enumerate(row))
        + "</tr>"
        for n, row in enumerate(rows)
    )
    return f"<div class='scroll'><table class='plain'><tr>{heads}</tr>{body}</table></div>"


@dataclass(frozen=True)
class Bars:
    """How ten bars look: a value of `top` fills the height, `written` is the format of each value, `high` a length."""

    top: float = 1.0
    written: str = "{:.1%}"
    high: str = "9rem"


def bars(values: np.ndarray, names: Names, *, on: int, title: str, how: Bars = Bars()) -> str:
    """Ten bars, one for each class. The bar of class `on` is green."""
    texts = [how.written.format(value) for value in values]
    description = f"{title}: " + ", ".join(f"{name}: {text}" for name, text in zip(names, texts, strict=True))
    shares = [min(value / how.top, 1) for value in values]
    kind = "digit" if names == DIGITS else "digit named"
    columns = "".join(
        f"<div class='{'on' if digit == on else ''}'><div class='well'><div style='width:100%'>"
        f"<div class='value'>{texts[digit]}</div>"
        f"<div class='bar' style='height:calc((var(--high, 9rem) - 1.4rem) * {shares[digit]:.4f})'></div>"
        f"</div></div><div class='{kind}'>{escape(names[digit])}</div></div>"
        for digit in range(NUM_CLASSES)
    )
    label = escape(description)
    heading = f"<div class='bars-title'>{escape(title)}</div>"
    return (
        f"<div style='flex:1 1 19rem;max-width:36rem'>{heading}"
        f"<div class='bars' role='img' aria-label='{label}' style='--high:{how.high}'>{columns}</div></div>"
    )

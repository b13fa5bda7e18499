"""Many digits at once as one crisp picture, each of which can be chosen with the mouse or the keyboard."""

import base64
import hashlib
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import streamlit as st
from PIL import Image

from core.digits import SIDE
from pages.shared.components import payload

_HERE = Path(__file__).parent
_ACROSS = 20  # digits in a row of the picture that is sent; on screen as many stand in a row as fit
_mount = st.components.v2.component(
    "digit_grid",
    html='<div class="grid" role="listbox" aria-orientation="horizontal"></div>',
    css=(_HERE / "digit_grid.css").read_text("utf-8"),
    js=(_HERE / "digit_grid.js").read_text("utf-8"),
)


@dataclass(frozen=True, eq=False)
class DigitTiles:
    """The digits of a grid: images, uint8 (n, 28, 28), and one caption for each.

    alt: what the whole shows. marks: right (True), wrong (False) or neither, for each digit. columns: digits in a row,
    None for as many as fit at `tile` pixels each.
    """

    images: np.ndarray
    captions: Sequence[str]
    alt: str
    marks: Sequence[bool | None] | None = None
    columns: int | None = None
    tile: int = 56


def digit_grid(
    tiles: DigitTiles,
    *,
    key: str,
    selected: int | None = None,
    on_choose: Callable[[int], None] | None = None,
    reveal: str = "",
) -> int | None:
    """Shows the digits, and returns the position of the chosen one, or None.

    selected: the position to show as chosen, None for the visitor's own choice. on_choose: called with the position at
    each choice, before the page is drawn again. reveal: key of the container that shows the choice; on a phone, where
    it is below, the page scrolls there.
    """
    png, captions = montage(tiles.images), tiles.captions
    signs = [{True: "✓", False: "✗", None: ""}[mark] for mark in tiles.marks or [None] * len(captions)]
    rev = hashlib.blake2b(png + repr((list(captions), signs)).encode(), digest_size=8).hexdigest()

    def hear() -> None:
        position = chosen_position(st.session_state[key].get("chosen"), rev, len(captions))
        if on_choose and position is not None:
            on_choose(position)

    own = chosen_position((st.session_state.get(key) or {}).get("chosen"), rev, len(captions))
    data = {
        "png": base64.b64encode(png).decode(),
        "across": min(_ACROSS, max(len(captions), 1)),
        "captions": list(captions),
        "marks": signs,
        "columns": tiles.columns,
        "tile": tiles.tile,
        "alt": tiles.alt,
        "reveal": reveal,
        "rev": rev,
        "chosen": own if selected is None else selected,
    }
    result = _mount(key=key, data=payload(data), on_chosen_change=hear, default={"chosen": None}, height="content")
    return chosen_position(result.get("chosen"), rev, len(captions))


def position_of(index: int, shown: np.ndarray) -> int:
    """Where an image is in a grid of the images `shown`, int (n,): its position, or -1 if it is not there."""
    at = np.flatnonzero(shown == index)
    return int(at[0]) if len(at) else -1


def montage(images: np.ndarray, across: int = _ACROSS) -> bytes:
    """The images side by side, `across` in a row, as a PNG: (n, 28, 28) → ⌈n / across⌉ · 28 × across · 28 pixels."""
    across = min(across, max(len(images), 1))
    rows = -(-len(images) // across) or 1
    tiles = np.zeros((rows * across, SIDE, SIDE), np.uint8)
    tiles[: len(images)] = images
    picture = tiles.reshape(rows, across, SIDE, SIDE).swapaxes(1, 2).reshape(rows * SIDE, across * SIDE)
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "PNG", compress_level=1)  # 400 digits: 4 ms; the default takes 20
    return file.getvalue()


def chosen_position(chosen: object, rev: str, n: int) -> int | None:
    """The position a browser reports, if it is one of the digits now shown; whatever else it says is ignored."""
    if isinstance(chosen, dict) and chosen.get("rev") == rev:
        position = chosen.get("position")
        if isinstance(position, int) and 0 <= position < n:
            return position
    return None

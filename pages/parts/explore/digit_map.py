"""Digits as points on a map: hovering shows one, a click opens it, a line drawn around some selects them."""

import base64
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import streamlit as st

from core.data.class_names import DIGITS as DIGIT_NAMES
from core.data.class_names import Names
from pages.shared.components import payload
from pages.shared.digit_grid import chosen_position, montage
from pages.shared.palette import DIGITS

_HERE = Path(__file__).parent
_HTML = """<div class="map">
<div class="bar">
  <button name="pictures" type="button" aria-pressed="false" title="Show digits instead of points">Images</button>
  <button name="around" type="button" aria-pressed="false" title="Draw a line around digits">Select an area</button>
  <button name="in" type="button" aria-label="Zoom in" title="Zoom in: also Ctrl and the mouse wheel">+</button>
  <button name="out" type="button" aria-label="Zoom out">−</button>
  <button name="whole" type="button" title="Show the whole map: also a double click">Reset zoom</button>
  <div class="legend" aria-label="Colours of the digits"></div>
</div>
<canvas tabindex="0" role="img"></canvas>
<div class="tip" hidden><canvas></canvas><div></div></div>
</div>"""
_ACROSS = 60

_mount = st.components.v2.component(
    "digit_map",
    html=_HTML,
    css=(_HERE / "digit_map.css").read_text("utf-8"),
    js=(_HERE / "digit_map.js").read_text("utf-8"),
)


@dataclass(frozen=True, eq=False)
class MapPoints:
    """The digits of a map.

    places: float (n, 2) or (n, 3). images: uint8 (n, 28, 28). labels: uint8 (n,), they determine the colour.
    """

    places: np.ndarray
    images: np.ndarray
    labels: np.ndarray
    captions: Sequence[str]
    names: Names = DIGIT_NAMES  # of the ten classes


def digit_map(
    points: MapPoints,
    *,
    key: str,
    alt: str,
    on_choose: Callable[[int], None],
    on_surround: Callable[[np.ndarray], None],
    reveal: str,
) -> None:
    """Shows a map that can be rotated (3D), moved and zoomed.

    on_choose: called with the position that was clicked; on_surround: with the positions (m,) inside the drawn line,
    an empty array if there are none. Both are called before the page is drawn again. reveal: as in `digit_grid`.
    """
    data = _packed(points.places, points.images, points.labels, list(points.captions), alt, reveal)
    data = {**data, "names": points.names}

    def choose() -> None:
        position = chosen_position(st.session_state[key].get("chosen"), data["rev"], len(points.labels))
        if position is not None:
            on_choose(position)

    def surround() -> None:
        drawn = st.session_state[key].get("lasso") or {}
        if drawn.get("rev") == data["rev"]:
            on_surround(_inside(drawn.get("positions"), len(points.labels)))

    _mount(
        key=key,
        data=payload(data),
        on_chosen_change=choose,
        on_lasso_change=surround,
        default={"chosen": None, "lasso": None},
        height="content",
    )


@st.cache_data(show_spinner=False, max_entries=12)
def _packed(
    places: np.ndarray, images: np.ndarray, labels: np.ndarray, captions: list[str], alt: str, reveal: str
) -> dict:
    png = montage(images, _ACROSS)
    content = {
        "places": base64.b64encode(places.astype("<f4").tobytes()).decode(),
        "dims": places.shape[1],
        "labels": base64.b64encode(labels.astype(np.uint8).tobytes()).decode(),
        "captions": captions,
        "png": base64.b64encode(png).decode(),
        "across": min(_ACROSS, max(len(images), 1)),
        "colours": list(DIGITS),
        "alt": alt,
        "reveal": reveal,
    }
    return content | {"rev": hashlib.blake2b(repr(content).encode(), digest_size=8).hexdigest()}


def _inside(positions: object, n: int) -> np.ndarray:
    """The valid positions among those that the browser reports: int64, sorted."""
    given = positions if isinstance(positions, list) else []
    return np.array(sorted({p for p in given if isinstance(p, int) and 0 <= p < n}), np.int64)

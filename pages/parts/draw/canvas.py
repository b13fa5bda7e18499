"""The canvas to draw on, with its own Clear and Undo. The drawing survives a change of page.

The pixels are rendered here from the strokes; the browser does not send them. So they exist also after an undo, a
change of page or a change of pen, when the component itself has lost them.
"""

from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st
from PIL import Image

from core.drawing import strokes
from core.drawing.strokes import Stroke
from core.errors import DrawingError
from core.formatting import plain
from pages.shared import frame
from pages.shared.components import payload
from pages.shared.visitor import visitor

SIDE = 280  # pixels of the drawing; on screen it takes what its column has, up to `WIDEST`
WIDEST = 420
PEN = 20  # pixels
MAX_REMEMBERED = 200
_UNMOUNTED = "_unmounted"
_mount_frame = st.components.v2.component(
    "canvas_frame", html="<span></span>", js=Path(__file__).with_name("canvas_frame.js").read_text("utf-8")
)


def canvas(
    *, key: str, width: int = SIDE, height: int = SIDE, widest: int = WIDEST, under: np.ndarray | None = None
) -> np.ndarray | None:
    """Draws the canvas; returns its pixels, uint8 (height, width, 4), or None while it is empty.

    widest: pixels that it takes on screen where there is room. under: uint8 (28, 28), a digit to draw over.
    """
    # Imported here because it can be imported only while an app runs.
    from streamlit_drawable_canvas import st_canvas

    state = _state(key)
    st.html(_style(key, width, height))
    with st.container(key=f"{key}-canvas"):
        result = st_canvas(
            stroke_width=st.session_state.get(f"{key}-pen", PEN),
            stroke_color="#FFFFFF",
            background_color="#000000",
            background_image=_background(under, width, height),
            initial_drawing=state["initial"],
            height=height,
            width=width,
            drawing_mode="freedraw",
            key=f"{key}-{state['mounted']}",
        )
        _mount_frame(key=f"{key}-frame", data=payload({"key": key, "width": width, "height": height, "widest": widest}))
    state["seen"] = result.json_data
    refused = ""
    if _changed(result.json_data, state):
        try:
            state["drawn"] = strokes.checked(result.json_data)
        except DrawingError as error:
            refused = error.sentence
    _remember(key, state["drawn"])
    _buttons(key, state)
    if refused:
        st.error(plain(refused), icon=":material/error:")
        return None
    written = strokes.from_canvas(state["drawn"])
    if not written and under is None:
        return None
    return _pixels(written, width, height, under)


def drawn(key: str) -> dict[str, Any] | None:
    """The strokes as the canvas sent them, for `strokes.from_canvas`; None while it is empty."""
    drawing: dict[str, Any] | None = _state(key)["drawn"]
    return drawing


def has_unread_drawing(key: str) -> bool:
    """Whether the browser has sent a drawing that `canvas` has not read: then the canvas must run again."""
    state = _state(key)
    sent = (st.session_state.get(f"{key}-{state['mounted']}") or {}).get("drawing")
    return isinstance(sent, dict) and sent.get("raw") != state.get("seen")


def clear(key: str) -> None:
    """Removes everything from the canvas."""
    _put(key, None)


def unmounted() -> None:
    """Call this when the canvases have left the page: on their return they get their drawing back."""
    st.session_state[_UNMOUNTED] = st.session_state.get(_UNMOUNTED, 0) + 1


def _style(key: str, width: int, height: int) -> str:
    """The canvas at the size that `canvas_frame.js` sets. The browser also scales where a finger touches."""
    return f"""<style>
    .st-key-{key}-canvas {{width: 100%; gap: 0; overflow: visible}}
    .st-key-{key}-canvas > :first-child {{
        width: {width}px; max-width: none; transform: scale(var(--fit, 1)); transform-origin: 0 0;
        height: {height}px; margin-bottom: calc((var(--fit, 1) - 1) * {height}px)
    }}
    </style>"""


def _state(key: str) -> dict[str, Any]:
    """The drawing. `mounted` counts the canvases; a new canvas starts from `initial`."""
    name = f"{key}-state"
    state = st.session_state.get(name)
    if state is None:  # a new session: after a reload the last drawing returns
        before = _remembered().get((visitor(), key))
        state = st.session_state[name] = {"mounted": 0, "initial": before, "drawn": before}
    shown_here = st.session_state.get(f"{key}-here")
    if shown_here != _visit():  # back from another page: the component is new and must get the drawing again
        st.session_state[f"{key}-here"] = _visit()
        if state["drawn"]:
            _put(key, state["drawn"])
    return st.session_state[name]


@st.cache_resource(show_spinner=False)
def _remembered() -> dict[tuple[str, str], dict[str, Any] | None]:
    """The last drawing of each visitor on each canvas, the latest last. In memory only."""
    return {}


def _remember(key: str, drawing: dict[str, Any] | None) -> None:
    remembered = _remembered()
    remembered.pop((visitor(), key), None)
    remembered[visitor(), key] = drawing
    while len(remembered) > MAX_REMEMBERED:
        remembered.pop(next(iter(remembered)))


def _visit() -> tuple[int, int]:
    """A new value whenever the canvases may have left the page: another page was open, or `unmounted` was called."""
    return frame.visits(), st.session_state.get(_UNMOUNTED, 0)


def _changed(sent: Any, state: dict[str, Any]) -> bool:
    """Whether the canvas sent a drawing. A new canvas sends an empty one, which does not count."""
    objects = sent.get("objects") if isinstance(sent, dict) else None
    return bool(objects) or (objects == [] and state["initial"] is None and state["drawn"] is not None)


def _buttons(key: str, state: dict[str, Any]) -> None:
    with st.container(horizontal=True, gap="small"):
        st.button("Clear", icon=":material/delete:", key=f"{key}-clear", on_click=_put, args=(key, None))
        st.button(
            "Undo",
            icon=":material/undo:",
            key=f"{key}-undo",
            on_click=_undo,
            args=(key,),
            disabled=not (state["drawn"] or {}).get("objects"),
        )
        with st.popover("Pen", icon=":material/brush:", width="content"):
            st.slider("Pen width", 8, 36, PEN, 2, key=f"{key}-pen", format="%d px", width=220)


def _undo(key: str) -> None:
    drawn = st.session_state[f"{key}-state"]["drawn"] or {}
    left = drawn.get("objects", [])[:-1]
    _put(key, {**drawn, "objects": left} if left else None)


def _put(key: str, drawing: dict[str, Any] | None) -> None:
    before = st.session_state.get(f"{key}-state", {"mounted": 0})
    st.session_state[f"{key}-state"] = {"mounted": before["mounted"] + 1, "initial": drawing, "drawn": drawing}


def _pixels(written: list[Stroke], width: int, height: int, under: np.ndarray | None) -> np.ndarray:
    beneath = None if under is None else np.asarray(_enlarged(under, width, height))
    return strokes.render(written, height, width, beneath)


def _background(under: np.ndarray | None, width: int, height: int) -> Image.Image | None:
    return None if under is None else _enlarged(under, width, height).convert("RGB")


def _enlarged(digit: np.ndarray, width: int, height: int) -> Image.Image:
    return Image.fromarray(digit).resize((width, height), Image.Resampling.BICUBIC)

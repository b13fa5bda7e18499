"""The ink that a browser sends while it draws: anything of another form is ignored."""

import base64

import pytest
import streamlit as st

from core.drawing.normalise import NormaliseOptions
from pages.parts.draw import canvas, live_ink
from pages.parts.draw.live_ink import SIDE, read


def sent(**changes):
    pixels = base64.b64encode(bytes(range(49)) * 64).decode()
    return {"session": 5, "seq": 3, "side": SIDE, "pixels": pixels} | changes


def test_ink_becomes_an_opaque_picture():
    ink = read(sent())
    assert (ink.session, ink.seq) == (5, 3)
    assert ink.rgba.shape == (SIDE, SIDE, 4)
    assert ink.rgba[0, 48].tolist() == [48, 48, 48, 255]


@pytest.mark.parametrize(
    "message",
    [
        None,
        "ink",
        [],
        {},
        sent(side=57),
        sent(side=10**9),
        sent(seq=-1),
        sent(seq=1.5),
        sent(seq=True),
        sent(session="5"),
        sent(session=2**60),
        sent(pixels=None),
        sent(pixels=""),
        sent(pixels="A" * 10**6),
        sent(pixels="é" * 4184),
        sent(pixels="=" * 4184),
        sent(pixels=sent()["pixels"][:-4]),
    ],
    ids=lambda message: repr(message)[:60],
)
def test_a_message_of_another_form_is_ignored(message):
    assert read(message) is None


class _Busy:
    def admits(self, who: str) -> bool:
        return False


def test_ink_that_came_too_soon_is_asked_for_again_and_a_repeated_one_is_not(monkeypatch):
    monkeypatch.setattr(st, "session_state", {"live_ink_who": "somebody"})
    monkeypatch.setattr(live_ink, "_rate_limit", _Busy)
    ink = read(sent())
    assert live_ink._answer(None, ink, NormaliseOptions()) == {"skipped": True}
    st.session_state["live_ink_done"] = ink.session, ink.seq
    assert live_ink._answer(None, ink, NormaliseOptions()) == {}


def test_a_finished_stroke_that_arrives_with_the_last_ink_is_noticed(monkeypatch):
    drawing = {"objects": [{"type": "path"}]}
    state = {"mounted": 0, "initial": None, "drawn": None, "seen": {"objects": []}}
    monkeypatch.setattr(canvas, "_state", lambda key: state)
    monkeypatch.setattr(st, "session_state", {"draw-0": {"drawing": {"raw": drawing}}})
    assert canvas.has_unread_drawing("draw")
    state["seen"] = drawing  # the canvas has run
    assert not canvas.has_unread_drawing("draw")
    state["mounted"] = 1  # cleared: the new canvas has sent nothing
    assert not canvas.has_unread_drawing("draw")

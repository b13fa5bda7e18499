"""The ink that a browser sends while it draws: anything of another form is ignored."""

import base64

import pytest

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

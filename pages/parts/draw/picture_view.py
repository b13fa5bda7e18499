"""A photograph or a scan of handwritten digits."""

import numpy as np
import streamlit as st

from core.classroom.limits import Limits
from core.drawing import page_reading, photo
from core.drawing.picture_faults import describe_fault
from core.errors import DigitLabError, TooManyMarksError
from pages.parts.draw import reading
from pages.parts.draw.network_choice import NetworkChoice
from pages.shared import server_settings, uploads

_TURNS = {None: "Automatic", 0: "0°", 1: "90°", 2: "180°", 3: "270°"}
_TYPES = ["png", "jpg", "jpeg", "webp", "bmp", "gif", "tif", "tiff", "heic", "heif"]


def show(network: NetworkChoice) -> None:
    """The file, and the digits found in it."""
    file = uploads.box(
        "A picture with digits: photograph or scan",
        _TYPES,
        megabytes=photo.MAX_BYTES // 1_000_000,
        help="Write with a dark pen on light paper. Ruled lines, frames, shadows and objects are removed. The picture "
        "stays on this machine and is not saved.",
    )
    if file is None:
        st.info("Choose a picture, or open this page on a phone and take one.", icon=":material/photo_camera:")
        return
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        label = st.segmented_control(
            "Turn clockwise",
            list(_TURNS.values()),
            default=_TURNS[None],
            required=True,
            key="draw_picture_turn",
            help="Automatic: where the picture does not read well as it is, all four ways are tried.",
        )
        single = st.toggle(
            "This is one digit",
            key="draw_picture_single",
            help="On: all ink of the picture is read as one digit, also where its parts do not touch.",
        )
    with st.spinner("Looking for digits …"):
        try:
            Limits(server_settings.settings()).check_picture(file.size)
            picture, ink = _ink(file.getvalue())
            turns = next(way for way, name in _TURNS.items() if name == label)
            page = page_reading.read_page(ink, reading.Reader(network), turns=turns, single=single)
        except TooManyMarksError as error:
            st.error(f"{error.sentence} {describe_fault(picture)}", icon=":material/broken_image:")
            return
        except DigitLabError as error:
            st.error(error.sentence, icon=":material/broken_image:")
            return
    if page.turns and turns is None:
        st.info(f"Turned by {_TURNS[page.turns]}: the picture reads better so.", icon=":material/rotate_right:")
    reading.show(np.ascontiguousarray(np.rot90(picture, -page.turns)), page, network.names)
    with st.expander(
        "The ink alone: light evened out, ruled lines, frames and objects removed", icon=":material/contrast:"
    ):
        shown = np.rot90((ink * 255).astype(np.uint8), -page.turns)
        st.image(shown, width="stretch", output_format="PNG", alt="The ink found in the picture")


@st.cache_data(max_entries=4, show_spinner=False)
def _ink(content: bytes) -> tuple[np.ndarray, np.ndarray]:
    picture = photo.read(content)
    return picture, photo.extract_photo_ink(picture)

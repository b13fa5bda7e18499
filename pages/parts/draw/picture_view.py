"""A photograph or a scan of handwritten digits."""

import numpy as np
import streamlit as st

from core.classroom.limits import Limits
from core.drawing import photo, segmentation
from core.errors import DigitLabError
from pages.parts.draw import reading
from pages.parts.draw.network_choice import NetworkChoice
from pages.shared import server_settings

_TURNS = {0: "0°", 1: "90°", 2: "180°", 3: "270°"}


def show(network: NetworkChoice) -> None:
    """The file, and the digits found in it."""
    file = st.file_uploader(
        "A picture with digits: photograph or scan",
        type=["png", "jpg", "jpeg", "webp", "bmp", "gif", "tif", "tiff"],
        help="Write with a dark pen on light paper. Ruled lines and soft shadows are removed. The picture stays "
        "on this machine and is not saved.",
    )
    if file is None:
        st.info("Choose a picture, or open this page on a phone and take one.", icon=":material/photo_camera:")
        return
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        turns = st.segmented_control(
            "Turn clockwise", list(_TURNS), default=0, required=True, format_func=_TURNS.get, key="draw_picture_turn"
        )
        single = st.toggle(
            "This is one digit",
            key="draw_picture_single",
            help="On: all ink of the picture is read as one digit, also where its parts do not touch.",
        )
    with st.spinner("Looking for digits …"):
        try:
            Limits(server_settings.settings()).check_picture(file.size)
            grey, ink = _ink(file.getvalue(), turns)
            reader = reading.PageReader(network)
            found = [segmentation.find_one_digit(ink, reader)] if single else segmentation.find_digits(ink, reader)
        except DigitLabError as error:
            st.error(error.sentence, icon=":material/broken_image:")
            return
    reading.show(grey, found, network.names)
    with st.expander("The ink alone: light evened out, ruled lines removed", icon=":material/contrast:"):
        st.image((ink * 255).astype(np.uint8), width="stretch", output_format="PNG", alt="The ink found in the picture")


@st.cache_data(max_entries=4, show_spinner=False)
def _ink(content: bytes, turns: int) -> tuple[np.ndarray, np.ndarray]:
    grey = np.ascontiguousarray(np.rot90(photo.read(content), -turns))
    return grey, photo.extract_photo_ink(grey)

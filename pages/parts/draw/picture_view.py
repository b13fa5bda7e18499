"""A photograph or a scan of handwritten digits."""

import numpy as np
import streamlit as st

from core.drawing import photo, segmentation
from core.errors import DrawingError
from pages.parts.draw import reading
from pages.parts.draw.network_choice import Chosen


def show(network: Chosen) -> None:
    """The file, and the digits found in it."""
    file = st.file_uploader(
        "A picture with digits: photograph or scan",
        type=["png", "jpg", "jpeg", "webp"],
        help="Write with a dark pen on light paper. Ruled lines and soft shadows are removed. The picture stays "
        "on this machine and is not saved.",
    )
    if file is None:
        st.info("Choose a picture, or open this page on a phone and take one.", icon=":material/photo_camera:")
        return
    with st.spinner("Looking for digits …"):
        try:
            grey, ink = _ink(file.getvalue())
            found = segmentation.find_digits(ink, reading.digit_scorer(network))
        except DrawingError as error:
            st.error(error.sentence, icon=":material/broken_image:")
            return
    reading.show(network, grey, found)
    with st.expander("The ink alone: light evened out, ruled lines removed", icon=":material/contrast:"):
        st.image((ink * 255).astype(np.uint8), width="stretch", output_format="PNG", alt="The ink found in the picture")


@st.cache_data(max_entries=4, show_spinner=False)
def _ink(content: bytes) -> tuple[np.ndarray, np.ndarray]:
    grey = photo.read(content)
    return grey, photo.extract_photo_ink(grey)

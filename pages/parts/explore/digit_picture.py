"""One large digit: its pixels with a colour bar, and the value under the pointer or the arrow keys.

A Plotly heatmap could show the same, but the browser would load 5 MB before Explore opens.
"""

import base64
from pathlib import Path

import numpy as np
import streamlit as st

from pages.shared.components import payload

_HTML = """<div class="digit"><div class="frame"><canvas tabindex="0" role="application"></canvas></div>
<div class="bar"><b></b><span>255</span><span>192</span><span>128</span><span>64</span><span>0</span></div>
<div class="said" aria-live="polite"></div></div>"""
_mount = st.components.v2.component(
    "digit_picture",
    html=_HTML,
    css=Path(__file__).with_suffix(".css").read_text("utf-8"),
    js=Path(__file__).with_suffix(".js").read_text("utf-8"),
)


def digit_picture(image: np.ndarray, *, key: str, alt: str) -> None:
    """Shows `image`, uint8 (28, 28), row 0 on top. alt: a description for screen readers."""
    _mount(key=key, data=payload({"ink": base64.b64encode(image.tobytes()).decode(), "alt": alt}), height="content")

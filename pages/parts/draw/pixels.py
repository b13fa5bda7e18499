"""Small pictures as data URIs: the browser fetches nothing, so they appear together with the bars beside them."""

import html
from collections.abc import Sequence

import numpy as np
import streamlit as st

from pages.shared.image_uri import png_uri

_STYLE = """<style>
.pixels {display: flex; flex-wrap: wrap; gap: .5rem 1.2rem; align-items: flex-end}
.pixels figure {margin: 0}
.pixels img {image-rendering: pixelated; display: block}
.pixels figcaption {font-size: .82rem; opacity: .75; padding-top: .25rem; white-space: pre-line}
</style>"""


def pixels(pictures: Sequence[tuple[np.ndarray, str, str]], *, height: int, widest: int | None = None) -> None:
    """Pictures in a row, each `height` high on screen: (uint8 (h, w) or (h, w, 3), its caption, what it shows).

    widest: pixels; a picture that would be wider is shown less high.
    """
    figures = "".join(_figure(picture, caption, alt, height, widest) for picture, caption, alt in pictures)
    st.html(f'{_STYLE}<div class="pixels">{figures}</div>')


def _figure(picture: np.ndarray, caption: str, alt: str, height: int, widest: int | None) -> str:
    ratio = picture.shape[1] / picture.shape[0]
    if widest and height * ratio > widest:
        height = max(1, round(widest / ratio))
    width = max(1, round(height * ratio))
    below = f"<figcaption>{html.escape(caption)}</figcaption>" if caption else ""
    return (
        f'<figure><img src="{png_uri(picture)}" alt="{html.escape(alt)}" width="{width}" height="{height}" '
        f'style="max-width:100%;height:auto">{below}</figure>'
    )

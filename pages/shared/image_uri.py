"""A picture as a data URI, for markup that is sent to the browser."""

import base64
import io

import numpy as np
from PIL import Image


def png_uri(pixels: np.ndarray) -> str:
    """uint8 (h, w), (h, w, 3) or (h, w, 4) as `data:image/png;base64,…`."""
    file = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(file, "PNG", compress_level=1)
    return f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"

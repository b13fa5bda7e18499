"""The lesson's first steps: numbers in boxes, and adding boxes of different shapes."""

import numpy as np
import streamlit as st

from core.digits import SIDE
from pages.shared.digit_grid import montage
from pages.shared.lesson import Example, code, facts, matrix, side_by_side

FRAMES = 12


def tensors(example: Example) -> None:
    """From one number to a batch of videos, all made of the digit that was chosen."""
    st.markdown(
        "Everything a network sees is an array of numbers, a **tensor**. What differs is how many axes it has. "
        "Each row of this table is made of the digit above."
    )
    image, batch = example.image, example.train.images[:32]
    video = moving(image)
    facts(
        {
            "**scalar**: one pixel": image[10, 10],
            "**vector**: one row of pixels": image[10],
            "**matrix**: one image": image,
            "**3 axes**: a batch of 32 images": batch,
            "**4 axes**: the same in colour (red, green, blue)": np.stack([batch] * 3, axis=-1),
            f"**4 axes**: a video, {FRAMES} frames in colour": video,
            "**5 axes**: a batch of 4 videos": np.stack([video] * 4),
        }
    )
    st.markdown(f"The vector is row 10 of the image: `{' '.join(map(str, image[10]))}`")
    st.image(montage(video[..., 0], across=FRAMES), width=FRAMES * 56, output_format="PNG", alt="The digit walks past")
    st.caption(f"The video: the digit walks to the right in {FRAMES} frames.")
    code("images.ndim, images.shape, images.dtype, images.min(), images.max()")


def moving(image: np.ndarray) -> np.ndarray:
    """A video of the digit walking past: uint8 (12, 28, 28, 3)."""
    steps = np.linspace(-SIDE // 2, SIDE // 2, FRAMES).astype(int)
    padded = np.pad(image, ((0, 0), (SIDE, SIDE)))
    frames = np.stack([padded[:, SIDE - step : 2 * SIDE - step] for step in steps])
    return np.stack([frames] * 3, axis=-1)


def broadcasting(example: Example) -> None:
    """Three by three plus three by one, drawn out."""
    st.markdown(
        "Arrays of different shapes can be added when, counted from the right, each axis is equal in both or 1 in one "
        "of them. The axis of length 1 is **repeated** until it fits. No copy is made; it only behaves as if."
    )
    left, column = np.arange(1, 10).reshape(3, 3), np.array([[10], [20], [30]])
    repeated = np.broadcast_to(column, left.shape)
    fresh = np.array([[False, True, True]] * 3)
    side_by_side(
        [
            matrix(left, title="(3, 3)"),
            "+",
            matrix(column, title="(3, 1)"),
            "=",
            matrix(left, title="(3, 3)"),
            "+",
            matrix(repeated, title="repeated to (3, 3)", marks=fresh),
            "=",
            matrix(left + column, title="(3, 3)"),
        ]
    )
    code("np.arange(1, 10).reshape(3, 3) + np.array([[10], [20], [30]])")
    st.markdown(
        "This is how a whole batch is divided by one number, and how a layer adds its ten biases to the scores of "
        "every image: `(32, 784) @ (784, 10) + (10,)` gives `(32, 10)`."
    )
    scores = np.ones((32, 784), np.float32) @ np.ones((784, 10), np.float32)
    facts({"scores of a batch": scores, "biases": np.zeros(10, np.float32), "sum": scores + np.zeros(10, np.float32)})

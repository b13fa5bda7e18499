"""The lesson's steps for images: one long row, and values from 0 to 1."""

import numpy as np
import streamlit as st

from core.digits import SIDE
from core.preparation import flatten, normalise
from pages.shared.digit_grid import montage  # noqa: F401
from pages.shared.lesson import Example, code, facts, in_bytes, matrix, side_by_side


def flattening(example: Example) -> None:
    """28 × 28 becomes 784, row after row."""
    st.markdown(
        "A dense layer takes a row of numbers, not a picture. So the 28 rows are laid one after the other: pixel "
        "(row, column) becomes number 28 · row + column. Nothing is lost but the knowledge of who was whose neighbour."
    )
    image = example.image
    flat = flatten(image[None])[0]
    st.image(np.repeat(flat[None], 24, axis=0), width="stretch", output_format="PNG", alt="The digit as one row of 784")
    st.caption("The digit as one row of 784 pixels; every bright group is one row of the picture with ink in it.")
    row = int(np.argmax(image.sum(axis=1)))
    column = int(np.argmax(image[row]))
    st.markdown(
        f"Row {row}, column {column} holds **{image[row, column]}**; in the long row it is number 28 · {row} + "
        f"{column} = **{SIDE * row + column}**, which holds **{flat[SIDE * row + column]}**."
    )
    train = example.train
    facts({"before": train.images, "after": flatten(train.images), "this digit, after": flat})
    code("x_train = x_train.reshape(60000, 784)  # NumPy", "keras.layers.Flatten()  # or as a layer")


def normalising(example: Example) -> None:
    """0 to 255 becomes 0 to 1."""
    st.markdown(
        "A network learns best from numbers near 0 and 1: with 255 in every input the first sums, and so the first "
        "steps, would be 255 times too large. Dividing by 255 keeps the picture and changes the scale."
    )
    image, row = example.image, 10
    part = image[row : row + 3, 8:16]
    side_by_side(
        [
            matrix(part, title=f"rows {row} to {row + 2}, columns 8 to 15: before"),
            "÷ 255 =",
            matrix(normalise(part), written="{:.2f}", title="after"),
        ]
    )
    after32, after64 = normalise(image), normalise(image, np.float64)
    facts({"before": image, "after, float32": after32, "after, float64": after64})
    n = example.train.images.size
    error = np.abs(after64 - after32).max()
    st.markdown(
        f"What it costs, for all {len(example.train):,} training images: uint8 **{in_bytes(n)}**, float32 "
        f"**{in_bytes(4 * n)}**, float64 **{in_bytes(8 * n)}**. float64 doubles the memory and about halves the speed, "
        f"for a difference of at most {error:.0e} in this digit. That is why networks use float32, and why this "
        "dashboard keeps uint8 and divides inside the model."
    )
    code(
        'x_train = x_train.astype("float32") / 255  # NumPy: float32, 4 bytes a value',
        "x_train = x_train / 255  # careful: float64, 8 bytes a value",
        "keras.layers.Rescaling(1 / 255)  # or as the model's first layer",
    )

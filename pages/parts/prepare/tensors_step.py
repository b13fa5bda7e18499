"""The step for tensors: from one number to a batch of videos."""

import numpy as np
import streamlit as st

from core.digits import SIDE
from core.lesson.tensors import TensorExample, tensor_examples
from pages.parts.prepare import lesson_pictures as draw
from pages.parts.prepare.lesson import Example, code, commented, in_bytes, show, wrong

_SHOWN = 6  # images of a batch that are drawn
_READ = (
    "",
    "columns",
    "rows, columns",
    "images, rows, columns",
    "images, rows, columns, colours",
    "frames, rows, columns, colours",
    "videos, frames, rows, columns, colours",
)


def tensors(example: Example) -> None:
    """From one number to a batch of videos, all made from the chosen digit."""
    st.markdown(
        "For a computer an image is a grid of numbers. An array of numbers is called a **tensor**. It can have no "
        "axis, "
        "one axis, two axes and more. All tensors below are made from your digit. Choose a row of the image:"
    )
    row = st.slider("Row of the image", 0, SIDE - 1, 10, key="prepare_row")
    column = int(example.image[row].argmax())
    rungs = tensor_examples(example.train, example.index, row, column)
    show(f"<div class='ladder'>{''.join(_rung(n, rung, row, column) for n, rung in enumerate(rungs))}</div>")
    i = example.index
    left, right = st.columns(2)
    with left:
        st.markdown("The same tensors in NumPy, from top to bottom:")
        lines = commented(
            (f"x_train[{i}, {row}, {column}]", "scalar"),
            (f"x_train[{i}, {row}]", "vector"),
            (f"x_train[{i}]", "matrix"),
            (f"x_train[{i}:{i + 32}]", "a batch"),
            (f"np.stack([x_train[{i}:{i + 32}]] * 3, axis=-1)", "in colour"),
        )
        code(
            *lines,
            "x_train.ndim, x_train.shape, x_train.dtype, x_train.min(), x_train.max()",
        )
    with right, wrong("tensors"):
        st.markdown(
            "A network always expects a **batch**, even if it holds only one image. For a single image Keras says "
            "*Expected shape (None, 28, 28), but input has incompatible shape (28, 28)*. Add the missing first axis:"
        )
        calls = commented(
            (f"model.predict(x_train[{i}])", "wrong:  (28, 28)"),
            (f"model.predict(x_train[{i}:{i + 1}])", "right:  (1, 28, 28)"),
            (f"model.predict(x_train[{i}][None])", "right:  (1, 28, 28)"),
        )
        code(*calls)


def _rung(n: int, rung: TensorExample, row: int, column: int) -> str:
    array = rung.array
    facts = f"{array.dtype} · {array.min()} to {array.max()}<br>{in_bytes(array.nbytes)}"
    axes = f"{array.ndim} {'axis' if array.ndim == 1 else 'axes'}" + (f": {_READ[n]}" if _READ[n] else "")
    return (
        f"<div class='rung'><div>{_drawn(n, array, row, column)}</div>"
        f"<div><div class='name'>{rung.name}</div><div class='note'>{rung.what}</div></div>"
        f"<div><div class='shape'>{array.shape}</div><div class='note'>{axes}</div></div>"
        f"<div class='facts-line'>{facts}</div></div>"
    )


def _drawn(n: int, array: np.ndarray, row: int, column: int) -> str:
    """The tensor as HTML."""
    match n:
        case 0:
            return draw.matrix(array[None], on=np.array([[True]]))
        case 1:
            here = draw.mark(column / SIDE, 0, 1 / SIDE, 1)
            return draw.picture(array[None], 224, f"Row {row} as a strip of 28 pixels", high=14, here=here)
        case 2:
            here = draw.mark(0, row / SIDE, 1, 1 / SIDE)
            return draw.picture(array, 84, f"The digit with a frame around row {row}", here=here)
        case 3:
            return draw.stack(list(array[:_SHOWN]), 64, f"{_SHOWN} of {len(array)} images of a batch")
        case 4:
            planes = [array[0] * np.eye(3, dtype=np.uint8)[colour] for colour in range(3)]
            return draw.stack(planes, 64, "One image split into its red, green and blue channels", overlap=0.45)
        case 5:
            return draw.film(array, 36, "A video in which the digit moves to the right")
        case _:
            films = [draw.film(video, 26, f"Video {at + 1}") for at, video in enumerate(array[:3])]
            return "".join(f"<div style='margin:2px 0'>{strip}</div>" for strip in films)

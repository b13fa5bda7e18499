"""The steps for shapes: broadcasting and flatten."""

import numpy as np
import streamlit as st

from core.digits import SIDE
from core.lesson.arithmetic import flatten
from core.lesson.tensors import broadcast_axes, flat_index, scramble_pixels
from pages.parts.prepare import lesson_pictures as draw
from pages.parts.prepare.lesson import OFFICIAL, Example, before_after, code, show, wrong

_SECOND = {
    "(3, 1)": np.array([[10], [20], [30]]),
    "(1, 3)": np.array([[10, 20, 30]]),
    "(3,)": np.array([10, 20, 30]),
    "()": np.array(10),
    "(2,)": np.array([10, 20]),
}


def broadcasting(example: Example) -> None:
    """How NumPy adds arrays of different shapes."""
    st.markdown(
        "Can you add an array of 3 × 3 numbers and an array of 3 × 1? NumPy can: it **repeats** the smaller array "
        "until "
        "the shapes match. This is called **broadcasting**. NumPy does not really copy any numbers. Try other shapes:"
    )
    shape = st.pills("Shape of the second array", list(_SECOND), default="(3, 1)", required=True, key="prepare_second")
    left, right = np.arange(1, 10).reshape(3, 3), _SECOND[str(shape)]
    axes = broadcast_axes(left.shape, right.shape)
    fits = all(result for _, _, result in axes)
    if fits:
        _drawn_out(left, right)
    else:
        show(draw.line(draw.matrix(left, title="(3, 3)"), "+", draw.matrix(right, title=str(shape)), "= ?"))
        st.error(
            f"operands could not be broadcast together with shapes (3,3) {str(shape).replace(' ', '')}. "
            "The last axes are 3 and 2: they differ, and neither is 1.",
            icon=":material/close:",
        )
    rows = [
        [f"axis {n}", str(a), str(b), str(result) if result else "✗ does not fit"]
        for n, (a, b, result) in enumerate(axes)
    ]
    show(
        "<p class='note'>Compare the shapes axis by axis, starting with the last. Two lengths fit if they are equal or "
        "one of them is 1. A missing axis counts as 1.</p>",
        draw.table(["", "first", "second", "sum"], rows, numbers=(1, 2, 3)),
    )
    side, other = st.columns(2)
    with side:
        if fits:
            before_after({"first": left, "second": right}, {"sum": left + right})
        code(f"np.arange(1, 10).reshape(3, 3) + np.array({right.tolist()})")
        st.markdown(
            "Broadcasting is everywhere. `x_train / 255` divides 47 million numbers by one number. A layer adds "
            "its ten "
            "biases to the logits of every image: `(128, 784) @ (784, 10) + (10,)` gives `(128, 10)`."
        )
    with other, wrong("broadcasting"):
        _silent_square(example)


def _drawn_out(left: np.ndarray, right: np.ndarray) -> None:
    repeated, shape = np.broadcast_to(right, left.shape), f"{right.shape}"
    # Along an axis of length 1, or a missing one, only the first entry is original; the rest is repeated.
    padded = (1,) * (2 - right.ndim) + right.shape
    again = (np.arange(3)[:, None] >= padded[0]) | (np.arange(3)[None] >= padded[1])
    show(
        draw.line(draw.matrix(left, title="(3, 3)"), "+", draw.matrix(right, title=shape), "="),
        draw.line(
            draw.matrix(left, title="(3, 3)"),
            "+",
            draw.matrix(repeated, title="repeated to (3, 3)", again=again),
            "=",
            draw.matrix(left + right, title="the sum, (3, 3)", on=np.ones((3, 3), bool)),
        ),
    )


def _silent_square(example: Example) -> None:
    labels = example.train.labels[:3].astype(int)
    same = labels[:, None] == labels
    st.markdown(
        "Shapes may also match by accident. Compare three labels as a column, `(3, 1)`, with the same three as a row, "
        f"`(3,)`: you get **nine** results, and an accuracy of {same.mean():.0%} instead of 100%. There is no "
        f"error, only "
        "a wrong number. So check the shapes first."
    )
    show(
        draw.line(
            draw.matrix(labels[:, None], title="(3, 1)"),
            "==",
            draw.matrix(labels, title="(3,)"),
            "→",
            draw.matrix(np.where(same, "yes", "no"), title="(3, 3)", on=same),
        )
    )


def flattening(example: Example) -> None:
    """From 28 × 28 to 784, row by row."""
    st.markdown(
        "A dense layer takes one row of numbers, not an image. **Flatten** puts the 28 rows of the image one after "
        "another. Choose a row and see where it goes:"
    )
    image, flat = example.image, flatten(example.image[None])[0]
    row = st.slider("Row", 0, SIDE - 1, int(image.sum(axis=1).argmax()), key="prepare_flat_row")
    column = int(image[row].argmax())
    at = flat_index(row, column)
    show(
        draw.line(
            draw.picture(image, 196, f"The digit, row {row} framed", here=draw.mark(0, row / SIDE, 1, 1 / SIDE)),
            "→",
            draw.picture(
                image[row][None],
                392,
                f"Row {row}, 28 pixels",
                f"row {row}: numbers {SIDE * row} to {SIDE * row + 27}",
                22,
            ),
        ),
        draw.picture(
            flat[None],
            1180,
            "The digit as one row of 784 pixels",
            "",
            30,
            here=draw.mark(SIDE * row / flat.size, 0, SIDE / flat.size, 1),
        ),
        "<p class='note'>All 784 pixels in one row. Each bright group is a row of the image that contains ink.</p>",
    )
    st.markdown(
        f"Pixel (row {row}, column {column}) becomes number 28 · {row} + {column} = **{at}**. "
        f"Before: **{image[row, column]}**. After: **{flat[at]}**. All values are "
        "kept. But the network no longer sees which pixels were above or below each other."
    )
    train = example.train.images
    is_mnist = len(train) + len(example.data.validation) == OFFICIAL
    splits = "Keras provides 60,000 training images; step 6 shows how Digit Lab splits them."
    left, right = st.columns(2)
    with left:
        before_after({"this digit": image}, {"this digit, flat": flat})
        st.markdown(
            f"For all training images at once, `{train.shape}` becomes `{flatten(train).shape}`. "
            f"{splits if is_mnist else 'Step 6 shows how Digit Lab splits the images.'}"
        )
        code(
            f"x_train = x_train.reshape({OFFICIAL if is_mnist else len(train)}, 784)  # NumPy",
            "x_train = x_train.reshape(len(x_train), -1)  # the same: NumPy computes 784",
            "keras.layers.Flatten()  # or as the model's first layer",
        )
    with right, wrong("flatten"):
        st.markdown(
            "`reshape` checks only the number of values, not their meaning. `reshape(784, n).T` has the right shape, "
            "but each of its rows mixes pixels of all images:"
        )
        mixed = scramble_pixels(example.train.images[:32])
        show(
            draw.line(
                draw.picture(example.train.images[0], 84, "A digit", "reshape(n, 784)"),
                draw.picture(mixed[0], 84, "Noise, not a digit", "reshape(784, n).T"),
                draw.picture(mixed[1], 84, "Noise, not a digit", "the next row"),
            )
        )

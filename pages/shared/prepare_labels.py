"""The lesson's steps for labels and for the set as a whole: one-hot, three parts, batches."""

import numpy as np
import streamlit as st

from core.digits import CLASSES
from core.preparation import one_hot, steps_per_epoch
from pages.shared.lesson import Example, code, facts, matrix, side_by_side

COLOURS = ("red", "green", "blue")


def one_hot_labels(example: Example) -> None:
    """First colours, then the digit's own label."""
    st.markdown(
        "Labels are names that happen to look like numbers. What is 7 − 2? Whoever answers 4 is nearer to 5 than one "
        "who answers 9. But a picture of a 5 that is read as a 4 is simply **wrong**, and no nearer than a 9. So the "
        "network must not treat labels as quantities. As with colours, each name gets a column of its own:"
    )
    cars = ("blue", "red", "green", "blue")
    head = "| colour | " + " | ".join(f"is it {colour}?" for colour in COLOURS) + " |\n|---|---|---|---|\n"
    st.markdown(
        head + "\n".join(f"| {car} | " + " | ".join(str(int(car == c)) for c in COLOURS) + " |" for car in cars)
    )
    label = np.array([example.label], np.uint8)
    row = one_hot(label)
    st.markdown(f"The same for this digit, a **{example.label}**:")
    side_by_side(
        [
            matrix(label, title="label"),
            "→",
            matrix(np.arange(CLASSES), title="is it a …?"),
            matrix(row.astype(int), title="one-hot", marks=row > 0),
        ]
    )
    labels = example.train.labels
    facts({"before": labels, "after": one_hot(labels)})
    st.markdown(
        f"Two one-hot rows of different digits are always √2 apart: a {example.label} is as far from a "
        f"{(example.label + 1) % 10} as from a {(example.label + 5) % 10}."
    )
    code("y_train = keras.utils.to_categorical(y_train, 10)  # Keras", "y_train = np.eye(10)[y_train]  # NumPy")


def three_parts(example: Example) -> None:
    """Training, validation and test defined."""
    data = example.data
    st.markdown(
        f"""
| part | images here | what it is for | compare |
|---|---|---|---|
| **training** | {len(data.train):,} | The network learns from these, again and again. | the exercises |
| **validation** | {len(data.validation):,} | You look at these to choose knobs and to stop in time. | the mock exam |
| **test** | {len(data.test):,} | Looked at once, at the end: how good is it really? | the exam |

A network can learn the training images by heart, so being good at those proves little. And whoever keeps choosing
the knobs that do best on the test images has learned *those* by heart, only more slowly. So a third part stands
between. MNIST comes in two parts, 60,000 and 10,000; the last tenth of the first is held out here for validation.
"""
    )
    facts(
        {
            "training images": data.train.images,
            "validation images": data.validation.images,
            "test images": data.test.images,
        }
    )
    code(
        "x_validation, y_validation = x_train[-6000:], y_train[-6000:]",
        "x_train, y_train = x_train[:-6000], y_train[:-6000]",
    )


def in_batches(example: Example) -> None:
    """60,000 images in batches of 128 are 469 steps."""
    st.markdown(
        "The network does not look at all images before it learns something. It looks at a **batch**, corrects its "
        "weights a little, and takes the next. Once through all images is an **epoch**."
    )
    n = st.select_slider("Images", [1000, 5000, 10_000, 54_000, 60_000], value=60_000, key="prepare_images")
    size = st.select_slider("Batch size", [2**k for k in range(13)], value=128, key="prepare_batch")
    steps = steps_per_epoch(n, size)
    last = n - (steps - 1) * size
    rest = "and the last is as full as the others" if last == size else f"of which the last holds only {last:,} images"
    st.markdown(f"{n:,} ÷ {size:,} = {n / size:,.2f}, rounded up: **{steps:,} steps** an epoch, {rest}.")
    batch = example.train.images[:size]
    facts({"one batch of images": batch, "its labels": example.train.labels[:size]})
    code(f"model.fit(x_train, y_train, batch_size={size}, epochs=5)  # {steps:,}/{steps:,} in the progress bar")

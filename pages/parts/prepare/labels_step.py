"""The step for labels: one-hot encoding."""

import numpy as np
import streamlit as st

from core.digits import NUM_CLASSES
from core.lesson.arithmetic import one_hot, one_hot_distances
from pages.parts.prepare import lesson_pictures as draw
from pages.parts.prepare.lesson import Example, before_after, code, show, wrong

COLOURS = {"Red": "#d64545", "Green": "#2e9e5b", "Blue": "#4e79a7"}


def one_hot_labels(example: Example) -> None:
    """One-hot encoding of three colours, then of the digit's label."""
    label = np.array([example.label], np.uint8)
    row = one_hot(label)
    st.markdown(
        "A label is a **name**, not an amount: green is not more than red. **One-hot encoding** gives each name its "
        "own column. The right column holds a 1, all others hold 0. Below are three colours, then your image. Each "
        "label becomes ten numbers: one 1 and nine 0s."
    )
    show(
        draw.line(_colours(), "→", draw.matrix(np.eye(3, dtype=int), title="one-hot, (3, 3)", on=np.eye(3, dtype=bool)))
    )
    show(
        draw.line(
            draw.picture(example.image, 84, f"The image, a {example.name}"),
            draw.matrix(label, title="label" if example.data.shows_digits else f"label of {example.name}"),
            "→",
            draw.matrix(
                np.stack([np.arange(NUM_CLASSES), row[0].astype(int)]),
                title="is it a …?",
                on=np.stack([np.zeros(NUM_CLASSES, bool), row[0] > 0]),
            ),
        )
    )
    st.markdown("### Why not train on the number itself?")
    _near(example)
    left, right = st.columns(2)
    with left:
        before_after({"this label": label}, {"one-hot": row})
        n = len(example.train)
        st.markdown(f"All labels at once: `({n},)` becomes `({n}, 10)`.")
        code(
            "y_train = keras.utils.to_categorical(y_train, 10)",
            "y_train = np.eye(10)[y_train]  # NumPy",
        )
    with right, wrong("one_hot"):
        _columns_missing()


def _colours() -> str:
    rows = [
        [
            f"<span class='dot' style='background:{colour}'></span>{name}",
            *(str(int(name == other)) for other in COLOURS),
        ]
        for name, colour in COLOURS.items()
    ]
    return draw.table(["Colour", *(f"Is it {name.lower()}?" for name in COLOURS)], rows, numbers=(1, 2, 3))


def _near(example: Example) -> None:
    digits, label, names = np.arange(NUM_CLASSES), example.label, example.names
    other = (label + 6) % NUM_CLASSES
    between = (label + other) / 2
    st.markdown(
        f"{_misleading(example)} A network that predicts one number and cannot decide between {label} and {other} "
        f"would answer {between:g}"
        f"{f', a third {example.kind}' if between == int(between) else f', which is not a {example.kind}'}. "
        f"With one-hot labels every wrong {example.kind} is equally far away, √2:"
    )
    show(
        draw.line(
            draw.bars(
                np.abs(digits - label),
                names,
                on=label,
                title=f"As numbers: distance from {label}",
                how=draw.Bars(float(np.abs(digits - label).max()), "{:g}", "6.5rem"),
            ),
            draw.bars(
                one_hot_distances(digits, label),
                names,
                on=label,
                title=f"As one-hot labels: distance from {label}",
                how=draw.Bars(2.0, "{:.2f}", "6.5rem"),
            ),
            top=True,
        )
    )


def _misleading(example: Example) -> str:
    """Why the distance of two labels means nothing."""
    if example.data.shows_digits:
        return (
            "As a number, 4 is closer to 5 than 9 is. For images this is misleading: reading a 5 as a 4 is just as "
            "wrong as reading it as a 9."
        )
    names = example.names
    return (
        f"As a number, 4 is closer to 5 than 9 is. For images this is misleading: taking {names[5]} (5) for {names[4]} "
        f"(4) is just as wrong as taking it for {names[9]} (9)."
    )


def _columns_missing() -> None:
    some = np.array([5, 0, 4, 1])
    st.markdown(
        f"Without the 10, Keras takes the largest label plus one as the number of columns. If your labels are only "
        f"{', '.join(map(str, some))}, you get {some.max() + 1} columns, which do not match the network's ten outputs. "
        "So always pass 10."
    )
    rows = np.eye(some.max() + 1, dtype=int)[some]
    show(
        draw.line(
            draw.matrix(some[:, None], title="labels"),
            "→",
            draw.matrix(rows, title=str(rows.shape), on=rows > 0, small=True),
        )
    )

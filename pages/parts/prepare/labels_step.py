"""The lesson's step for labels: a column for each name."""

import numpy as np
import streamlit as st

from core.digits import NUM_CLASSES
from core.lesson.arithmetic import one_hot, one_hot_distances
from pages.parts.prepare import lesson_pictures as draw
from pages.parts.prepare.lesson import Example, before_after, code, show, wrong

COLOURS = {"Red": "#d64545", "Green": "#2e9e5b", "Blue": "#4e79a7"}


def one_hot_labels(example: Example) -> None:
    """First colours, then the digit's own label."""
    label = np.array([example.label], np.uint8)
    row = one_hot(label)
    st.markdown(
        "A label is a **name**, not a quantity. Nobody says that green is more than red. So each name gets a column of "
        "its own, and a 1 says which it is. Three colours, then your digit:"
    )
    show(
        draw.line(_colours(), "→", draw.matrix(np.eye(3, dtype=int), title="one-hot, (3, 3)", on=np.eye(3, dtype=bool)))
    )
    show(
        draw.line(
            draw.picture(example.image, 84, f"The digit, a {example.label}"),
            draw.matrix(label, title="label"),
            "→",
            draw.matrix(
                np.stack([np.arange(NUM_CLASSES), row[0].astype(int)]),
                title="is it a …?",
                on=np.stack([np.zeros(NUM_CLASSES, bool), row[0] > 0]),
            ),
        )
    )
    st.markdown("#### Why not simply train on the number?")
    _near(example.label)
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


def _near(label: int) -> None:
    digits = np.arange(NUM_CLASSES)
    other = (label + 6) % NUM_CLASSES
    between = (label + other) / 2
    st.markdown(
        "What is 7 − 2? Who answers 4 is **near** the right answer, 5, and nearer than who answers 9. With pictures "
        "that is the wrong idea: a 5 read as a 4 is just as wrong as a 5 read as a 9. On a number line a network that "
        f"cannot decide between {label} and {other} would even answer {between:g}"
        f"{', another digit' if between == int(between) else ', which is no digit at all'}. "
        "In one-hot rows every wrong digit is equally far away, √2:"
    )
    show(
        draw.line(
            draw.bars(
                np.abs(digits - label),
                on=label,
                title=f"As numbers: how far from {label}",
                top=float(np.abs(digits - label).max()),
                written="{:g}",
                high="6.5rem",
            ),
            draw.bars(
                one_hot_distances(digits, label),
                on=label,
                title=f"As one-hot rows: how far from {label}",
                top=2.0,
                written="{:.2f}",
                high="6.5rem",
            ),
            top=True,
        )
    )


def _columns_missing() -> None:
    some = np.array([5, 0, 4, 1])
    st.markdown(
        f"Leave the 10 away and Keras counts for itself: the largest label and one more. If your part of the labels "
        f"holds only {', '.join(map(str, some))}, that makes {some.max() + 1} columns, and the network's ten answers "
        "do not fit them. So always say 10."
    )
    rows = np.eye(some.max() + 1, dtype=int)[some]
    show(
        draw.line(
            draw.matrix(some[:, None], title="labels"),
            "→",
            draw.matrix(rows, title=str(rows.shape), on=rows > 0, small=True),
        )
    )

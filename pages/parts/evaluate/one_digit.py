"""Evaluate, One digit: its ten probabilities, and what a second softmax would do to them."""

import numpy as np
import streamlit as st

from core.data.class_names import Names
from core.lesson.arithmetic import softmax
from pages.parts.evaluate import image_list
from pages.parts.evaluate.choice import Selection, open_digit, open_training_digit
from pages.shared.softmax import softmax_bars

_BOX = "evaluate_digit_index"


def show(selection: Selection) -> None:
    index = _choose(selection)
    image, label = selection.digits.images[index], int(selection.digits.labels[index])
    probabilities = selection.predictions.probabilities[index]
    predicted = int(probabilities.argmax())
    picture, numbers, bars = st.columns([2, 3, 4], gap="large")
    with picture:
        st.image(image, width=220, output_format="PNG", alt=image_list.picture_words(selection, label))
        names = selection.names
        st.markdown(f"Digit {index:,} is a **{names[label]}**. The network predicts **{names[predicted]}**.")
        image_list.links(selection, index)
    with numbers:
        st.markdown("**The output: ten probabilities that sum to 1**")
        _numbers(probabilities, names)
    with bars:
        softmax_bars(probabilities, truth=label, title="**As bars**", names=names)
    _twice(probabilities, label, names)


def _choose(selection: Selection) -> int:
    st.session_state[_BOX] = selection.opened()
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
        st.number_input(
            f"Index, 0 to {len(selection.digits) - 1:,}",
            0,
            len(selection.digits) - 1,
            key=_BOX,
            on_change=lambda: open_digit(st.session_state[_BOX]),
            width=200,
        )
        for index in (3, 2000):  # the two that the tutorials look at, in the training images
            st.button(f"Training digit {index}", on_click=open_training_digit, args=(index,))
        wrong = np.flatnonzero(~selection.predictions.right)
        if len(wrong):
            st.button("Next mistake", icon=":material/skip_next:", on_click=_next, args=(wrong, selection.opened()))
    return selection.opened()


def _next(wrong: np.ndarray, index: int) -> None:
    open_digit(wrong[np.searchsorted(wrong, index, side="right") % len(wrong)])


def _numbers(probabilities: np.ndarray, names: Names) -> None:
    table = {"Digit": names, "Probability": [f"{value:.8f}" for value in probabilities]}
    st.dataframe(table, hide_index=True, height="content", alt="The probability of each digit")
    best = names[int(probabilities.argmax())]
    st.caption(f"Their sum is {probabilities.sum(dtype=np.float64):.6f}. The largest is that of {best}.")


def _twice(probabilities: np.ndarray, label: int, names: Names) -> None:
    """One tutorial's mistake: softmax applied to probabilities."""
    with st.expander("What if softmax is applied twice?", icon=":material/looks_two:"):
        twice = softmax(probabilities.astype(np.float64))
        explanation, bars = st.columns(2, gap="large")
        with explanation:
            st.markdown(
                "The network's last layer is a softmax. One tutorial applied **a second softmax** before it showed the "
                "bars. The prediction stays the same, but every bar is between e⁰ ⁄ (e¹ + 9) = **8.5%** and "
                "e¹ ⁄ (e¹ + 9) = **23.2%**. Probabilities from 0 to 1 are too close together for a second softmax."
            )
            st.markdown(
                f"Here the largest probability falls from **{probabilities.max():.1%}** to **{twice.max():.1%}**."
            )
            st.code("softmax(model.predict(image))   # wrong: softmax twice\nmodel.predict(image)            # right")
        with bars:
            softmax_bars(twice, truth=label, title="**Softmax of the softmax**", names=names)

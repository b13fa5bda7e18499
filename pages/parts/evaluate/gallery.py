"""Evaluate, Images: predictions and labels, the most confident mistakes, the least confident hits."""

import numpy as np
import streamlit as st

from core.evaluation import metrics
from pages.parts.evaluate import image_list
from pages.parts.evaluate.choice import Selection, open_digit

FIRST = 25  # as the tutorials show them: five by five
_DRAWN = "evaluate_drawn"
CHOICES = {
    "first": "First 25",
    "random": "Random 25",
    "mistakes": "Only mistakes",
    "sure": "Confident mistakes",
    "doubtful": "Uncertain hits",
}


def show(selection: Selection) -> None:
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        choice = st.segmented_control(
            "Images",
            list(CHOICES),
            default="first",
            format_func=CHOICES.__getitem__,
            required=True,
            key="evaluate_gallery",
            persist_state="session",
            on_change=open_digit,
            args=(None,),
            label_visibility="collapsed",
            wrap=True,
        )
        if choice == "random":
            st.button("Other images", icon=":material/shuffle:", on_click=_draw_others)
    found = chosen(selection, choice)
    if not len(found):
        st.success(f"There is no mistake among the {selection.place}.", icon=":material/celebration:")
        return
    st.caption(_EXPLAINED[choice])
    shape = {"columns": 5, "tile": 88} if choice in ("first", "random") else {}
    image_list.grid_and_detail(selection, found, key="evaluate_gallery_grid", **shape)


_EXPLAINED = {
    "first": "The first 25 images of the split.",
    "random": "25 random images.",
    "mistakes": "Wrong predictions, in the order of the file.",
    "sure": "Wrong with a high probability: label errors, careless writing, and shapes that the network does not know.",
    "doubtful": "Right with a low probability: a network with another seed may get these wrong.",
}


def chosen(selection: Selection, choice: str) -> np.ndarray:
    """Indices of the images of a choice: int64."""
    answers = selection.predictions
    match choice:
        case "first":
            return np.arange(min(FIRST, len(answers.labels)))
        case "random":
            rng = np.random.default_rng(st.session_state.get(_DRAWN, 0))
            return rng.choice(len(answers.labels), min(FIRST, len(answers.labels)), replace=False)
        case "mistakes":
            return np.flatnonzero(~answers.right)
        case "sure":
            return metrics.confident_errors(answers.labels, answers.probabilities)
        case _:
            return metrics.uncertain_correct(answers.labels, answers.probabilities)


def _draw_others() -> None:
    st.session_state[_DRAWN] = st.session_state.get(_DRAWN, 0) + 1
    open_digit(None)

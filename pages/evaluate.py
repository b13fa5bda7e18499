"""Evaluate: where a trained network is right, where it is wrong, and why."""

import streamlit as st

from pages.shared import (
    evaluate_choice,
    evaluate_digit,
    evaluate_gallery,
    evaluate_inside,
    evaluate_pair,
    evaluate_robustness,
    evaluate_scores,
    evaluate_trust,
    frame,
)

VIEWS = {
    "figures": ("Figures", evaluate_scores.show),
    "images": ("Images", evaluate_gallery.show),
    "digit": ("One digit", evaluate_digit.show),
    "trust": ("Trust", evaluate_trust.show),
    "robustness": ("Robustness", evaluate_robustness.show),
    "inside": ("Inside", evaluate_inside.show),
    "pair": ("Two runs", evaluate_pair.show),
}


def _view() -> str:
    """The view that is chosen; it stays in the link."""
    st.session_state.setdefault("evaluate_view", st.query_params.get("view"))
    if st.session_state["evaluate_view"] not in VIEWS:
        st.session_state["evaluate_view"] = "figures"
    view = st.segmented_control(
        "View",
        list(VIEWS),
        format_func=lambda name: VIEWS[name][0],
        required=True,
        key="evaluate_view",
        persist_state="session",
        label_visibility="collapsed",
    )
    st.query_params["view"] = view
    return view


frame.page("evaluate")
with frame.guard():
    asked = evaluate_choice.choose()
    if asked:
        VIEWS[_view()][1](asked)

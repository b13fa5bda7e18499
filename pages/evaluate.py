"""Evaluate: where a trained network is right, where it is wrong, and why."""

from importlib import import_module
from typing import NamedTuple

import streamlit as st

from pages.parts.evaluate import choice
from pages.shared import frame, lead_to
from pages.shared.widget_values import keep


class View(NamedTuple):
    """One view of a network. Its module is imported when it is opened, because SciPy and Plotly load slowly."""

    title: str
    module: str  # in pages/parts/evaluate

    def show(self, selection: choice.Selection) -> None:
        import_module(f"pages.parts.evaluate.{self.module}").show(selection)


VIEWS = {
    "figures": View("Figures", "figures"),
    "gallery": View("Images", "gallery"),
    "digit": View("One digit", "one_digit"),
    "trust": View("Trust", "trust"),
    "robustness": View("Robustness", "robustness_view"),
    "inside": View("Inside", "inside"),
    "network": View("Network", "network_view"),
    "pair": View("Two runs", "pair"),
}


def _view() -> str:
    """The chosen view; the link holds it. A link from another page opens its view."""
    linked = st.query_params.get("view")
    if linked in VIEWS and linked != st.session_state.get("evaluate_view_in_link"):
        st.session_state["evaluate_view"] = linked
    keep("evaluate_view", "figures")
    view = st.segmented_control(
        "View",
        list(VIEWS),
        format_func=lambda name: VIEWS[name].title,
        required=True,
        key="evaluate_view",
        persist_state="session",
        label_visibility="collapsed",
    )
    st.query_params["view"] = st.session_state["evaluate_view_in_link"] = view
    return view


frame.page("evaluate")
with frame.guard():
    selection = choice.choose()
    if selection:
        view = VIEWS[_view()]
        with st.container(key=choice.RESULT):
            view.show(selection)
        lead_to.lead_to(choice.RESULT, focus=True)

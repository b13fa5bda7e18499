"""Evaluate: where a trained network is right, where it is wrong, and why."""

from importlib import import_module

import streamlit as st

from pages.shared import evaluate_choice, frame

# Each is shown by pages/shared/evaluate_<name>.py, imported when somebody looks: SciPy and Plotly take their time.
VIEWS = {
    "figures": "Figures",
    "gallery": "Images",
    "digit": "One digit",
    "trust": "Trust",
    "robustness": "Robustness",
    "inside": "Inside",
    "pair": "Two runs",
}


def _view() -> str:
    """The view that is chosen; it stays in the link."""
    st.session_state.setdefault("evaluate_view", st.query_params.get("view"))
    if st.session_state["evaluate_view"] not in VIEWS:
        st.session_state["evaluate_view"] = "figures"
    view = st.segmented_control(
        "View",
        list(VIEWS),
        format_func=VIEWS.__getitem__,
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
        import_module(f"pages.shared.evaluate_{_view()}").show(asked)

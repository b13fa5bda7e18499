"""Compare: runs side by side, which of them is better and by how much, and sweeps that try many at once."""

import streamlit as st

from pages.parts.compare import run_list, sweep_view
from pages.shared import frame, url_state

VIEWS = {"runs": ("Runs", run_list.show), "sweep": ("Sweeps", sweep_view.show)}

# While a script runs, Streamlit lets fade what is not drawn anew yet. Each element gets a layer of its own for that, at
# every tick of a run, and here all is there again within a third of a second.
_STYLE = "<style>[data-testid=stElementContainer] {transition: none !important; opacity: 1 !important}</style>"


def _view() -> str:
    """The view that is chosen; it stays in the link."""
    asked = st.session_state.setdefault("compare_view", st.query_params.get("view"))
    if asked not in VIEWS:
        st.session_state["compare_view"] = "runs"
    view = st.segmented_control(
        "View",
        list(VIEWS),
        format_func=lambda name: VIEWS[name][0],
        required=True,
        key="compare_view",
        persist_state="session",
        label_visibility="collapsed",
    )
    url_state.write("compare", "view", view)
    return view


frame.page("compare")
st.html(_STYLE)
with frame.guard():
    VIEWS[_view()][1]()

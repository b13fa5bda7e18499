"""Compare: runs in one table, which is better and by how much, two runs beside each other, and sweeps."""

import streamlit as st

from pages.parts.compare import run_list, side_view, sweep_view
from pages.shared import frame, url_state
from pages.shared.widget_values import keep

VIEWS = {
    "runs": ("Runs", run_list.show),
    "side": ("Side by side", side_view.show),
    "sweep": ("Sweeps", sweep_view.show),
}

# While a script runs, Streamlit fades elements that it has not drawn again yet. Here everything is drawn within a third
# of a second, and the fading would give each element a layer of its own at every refresh of a run.
_STYLE = "<style>[data-testid=stElementContainer] {transition: none !important; opacity: 1 !important}</style>"


def _view() -> str:
    """The chosen view, which is also in the link."""
    linked = st.query_params.get("view")
    keep("compare_view", linked if linked in VIEWS else "runs")
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

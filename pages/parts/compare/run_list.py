"""Compare's first view: the table of runs, the actions on runs, and the curves of the ticked ones."""

import streamlit as st

from core.config.run_config import KNOBS
from core.evaluation import comparison
from core.evaluation.comparison import RunRow
from core.evaluation.csv_export import runs_csv
from core.formatting import plain
from core.runs.store import ACTIVE
from pages.parts.compare import add_run, curve_chart, deletion, run_rows, verdict_card
from pages.shared import crowd
from pages.shared.fragments import guarded_fragment

REFRESH_SECONDS = 2.0


def show() -> None:
    """Draws the view; while a run trains, again every two seconds."""
    add_run.adopt_unpacked()
    add_run.say_result()
    training = _trains(run_rows.rows())
    run_rows.say_missing_ones(run_rows.rows())  # above the fragment, which would remove it after two seconds

    @guarded_fragment(run_every=crowd.stretched(REFRESH_SECONDS) if training else None)
    def view() -> None:
        found = run_rows.rows()
        if _trains(found) != training:
            st.rerun()
        _view(found)

    view()


def _trains(found: list[RunRow]) -> bool:
    return any(row.state in ACTIVE for row in found)


def _view(found: list[RunRow]) -> None:
    if all(row.run.shipped for row in found):
        _invite()
        return
    shown = run_rows.chosen(found)
    above = st.container()
    if shown:
        curve_chart.show(shown)  # sent before the table: a visitor who ticks a run waits for its curve
    with above:
        run_rows.table(found, shown, _toolbar(found, shown))
    if not shown:
        st.info("Tick runs in the table to see their curves here.", icon=":material/check_box:")
        return
    verdict_card.show(found, shown)


def _invite() -> None:
    st.info("There is nothing to compare yet. Train two runs, or start a sweep.", icon=":material/info:")
    with st.container(horizontal=True, vertical_alignment="center"):
        st.page_link("pages/train.py", label="Go to Train", icon=":material/arrow_forward:")
        add_run.menu()
        deletion.undo_button()


def _toolbar(found: list[RunRow], shown: list[RunRow]) -> str:
    """Draws the actions above the table and returns the knob to group by."""
    if refused := st.session_state.pop(run_rows.REFUSED, None):
        st.warning(plain(refused), icon=":material/info:")
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
        run_rows.choose_part()
        group_by = st.selectbox(
            "Group by",
            ["", *comparison.differing_knobs(row.config for row in found)],
            format_func=lambda name: KNOBS[name].label if name else "Nothing",
            key="compare_group",
            width=220,
        )
        st.button("Untick all", icon=":material/deselect:", on_click=run_rows.choose, args=([],))
        add_run.menu()
        deletion.menu(found, shown)
        deletion.undo_button()
        st.download_button(
            "Download all runs (.csv)",
            lambda: runs_csv(run_rows.all_rows()),
            "digit-lab-runs.csv",
            "text/csv",
            icon=":material/table:",
            on_click="ignore",
            help="Every run with its knobs and figures, for a spreadsheet or pandas.",
        )
    return group_by

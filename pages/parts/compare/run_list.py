"""Compare's first view: the table of runs, what may be done with the chosen ones, and their curves."""

import streamlit as st

from core.config.run_config import KNOBS
from core.errors import DigitLabError
from core.evaluation import comparison
from core.evaluation.comparison import Row
from core.evaluation.csv_export import spreadsheet
from core.runs.store import ACTIVE
from pages.parts.compare import curve_chart, run_rows, verdict_card
from pages.shared import caches
from pages.shared.fragments import guarded_fragment
from pages.shared.visitor import may_control

REFRESH_SECONDS = 2.0


def show() -> None:
    """Draws the view; while something trains, it draws itself anew every two seconds."""
    rows = run_rows.rows()
    training = _trains(rows)
    run_rows.say_missing_ones(rows)  # above what draws itself anew, which would take it away after two seconds

    @guarded_fragment(run_every=REFRESH_SECONDS if training else None)
    def view() -> None:
        found = run_rows.rows()
        if _trains(found) != training:
            st.rerun()
        _view(found)

    view()


def _trains(found: list[Row]) -> bool:
    return any(row.state in ACTIVE for row in found)


def _view(found: list[Row]) -> None:
    if all(row.run.shipped for row in found):
        _invite()
        return
    shown = run_rows.chosen(found)
    above = st.container()
    if shown:
        curve_chart.show(shown)  # first, as whoever ticks a run waits for its curve
    with above:
        run_rows.table(found, shown, _toolbar(found, shown))
    if not shown:
        st.info("Tick runs in the table: their curves appear here.", icon=":material/check_box:")
        return
    verdict_card.show(found, shown)


def _invite() -> None:
    st.info("There is nothing to compare yet. Train two runs, or start a sweep.", icon=":material/info:")
    with st.container(horizontal=True):
        st.page_link("pages/train.py", label="Go to Train", icon=":material/arrow_forward:")
        _undo()


def _toolbar(found: list[Row], shown: list[Row]) -> str:
    """Group by a knob; delete what is chosen, and fetch it back; take all figures along."""
    if said := st.session_state.pop(run_rows.SAID, None):
        st.warning(said, icon=":material/info:")
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
        group_by = st.selectbox(
            "Group by",
            ["", *comparison.varying(row.config for row in found)],
            format_func=lambda name: KNOBS[name].label if name else "Nothing",
            key="compare_group",
            width=220,
        )
        st.button("Choose none", icon=":material/deselect:", on_click=run_rows.choose, args=([],))
        _deletion([row for row in shown if not row.run.shipped])
        _undo()
        st.download_button(
            "All runs (.csv)",
            lambda: spreadsheet(run_rows.rows()),
            "digit-lab-runs.csv",
            "text/csv",
            icon=":material/table:",
            on_click="ignore",
            help="Every run with its knobs and figures, for a spreadsheet or pandas.",
        )
    return group_by


def _deletion(chosen: list[Row]) -> None:
    """Deletes those of the chosen runs that are the visitor's to delete."""
    mine = [row.run.id for row in chosen if may_control(row.run)]
    others = len(chosen) - len(mine)
    if not chosen:  # no popover: after a deletion it would stay open with nothing in it
        st.button("Delete", icon=":material/delete:", disabled=True, key="compare_delete_none")
        return
    with st.popover("Delete", icon=":material/delete:"):
        if mine:
            st.markdown(f"Move the {len(mine)} chosen run{'s' if len(mine) > 1 else ''} to the trash?")
            st.button("Move to the trash", type="primary", on_click=_delete, args=(mine,))
        if others:
            were = f"{others} of the chosen {'was' if others == 1 else 'were'}" if mine else "What is chosen was"
            st.caption(f"{were} started by somebody else, and only its starter may delete it.")


def _undo() -> None:
    """Offers to fetch back what was deleted last."""
    if deleted := st.session_state.get(run_rows.DELETED):
        word = f"Bring {len(deleted)} back" if len(deleted) > 1 else "Bring it back"
        st.button(word, icon=":material/undo:", on_click=_restore, key="compare_undo")


def _delete(runs: list[str]) -> None:
    gone = []
    for run in runs:
        try:
            run_rows.respect(run, "delete it")
            caches.store().delete(run)
            gone.append(run)
        except DigitLabError as error:
            st.session_state[run_rows.SAID] = str(error)
    st.session_state[run_rows.DELETED] = gone
    run_rows.choose([run for run in st.session_state.get(run_rows.CHOSEN, []) if run not in gone])


def _restore() -> None:
    back = st.session_state.pop(run_rows.DELETED, [])
    for run in back:
        try:
            caches.store().restore(run)
        except DigitLabError as error:
            st.session_state[run_rows.SAID] = str(error)
    run_rows.choose([*st.session_state.get(run_rows.CHOSEN, []), *back])

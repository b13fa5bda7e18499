"""Compare's table of runs, and those that the visitor has ticked."""

from collections.abc import Iterable
from typing import Any

import streamlit as st

from core.config.run_config import KNOBS
from core.errors import DigitLabError, RunError
from core.evaluation import comparison
from core.evaluation.comparison import RunRow, RunRows
from core.evaluation.grouping import group_by_knob
from core.runs.data_match import DataInUse
from core.runs.events import FINISHED
from core.runs.store import ACTIVE, Run
from core.runs.summaries import Summaries
from pages.parts.compare.run_cells import Layout, columns, explain_marks, filter_words, table_row
from pages.parts.compare.run_table import Table, run_table
from pages.shared import caches
from pages.shared.local_time import run_title
from pages.shared.missing_runs import say_missing
from pages.shared.visitor import current, may_control, own

CHOSEN, DELETED, REFUSED = "compare_chosen", "compare_deleted", "compare_refused"
MAX_KNOBS = 6  # columns for knobs that differ
MAX_SHOWN = 30  # runs in the charts
FIRST_SHOWN = 5
PART = 500  # rows that a browser gets at once: of 10,000 it would get 9 MB
PART_SHOWN = "compare_part"  # session


@st.cache_resource(show_spinner=False)
def summaries() -> Summaries:
    """The summaries of all runs, read once for all visitors."""
    return Summaries()


@st.cache_resource(show_spinner=False)
def _rows() -> RunRows:
    return RunRows(caches.store(), summaries())


def rows() -> list[RunRow]:
    """Every run, newest first; of a long list the part that the visitor chose, with the runs in the charts."""
    return _of(_shown_part(caches.store().runs()))


def all_rows() -> list[RunRow]:
    """Every run, newest first, however long the list is."""
    return _of(None)


def rows_of_sweep(sweep_id: str) -> list[RunRow]:
    """The runs of a sweep, newest first."""
    return _of(run for run in caches.store().runs() if run.sweep == sweep_id)


def _of(runs: Iterable[Run] | None) -> list[RunRow]:
    return _rows().all(DataInUse.of(caches.data()), runs)


def _shown_part(runs: list[Run]) -> list[Run]:
    if len(runs) <= PART:
        return runs
    start = PART * min(int(st.session_state.get(PART_SHOWN, 0)), (len(runs) - 1) // PART)
    kept = {*st.session_state.get(CHOSEN, ()), *_linked()}
    here = {run.id for run in runs[start : start + PART]}
    return [run for run in runs if run.id in here or run.id in kept or run.baseline or run.shipped]


def choose_part() -> None:
    """The box that chooses which part of a long list is shown; nothing for a list that is not long."""
    every = len(caches.store().runs())
    if every <= PART:
        return
    st.selectbox(
        "Part of the list",
        range(-(-every // PART)),
        format_func=lambda place: f"Runs {PART * place + 1:,} to {min(PART * (place + 1), every):,} of {every:,}",
        key=PART_SHOWN,
        width=260,
        help="The newest runs come first. Filter and order change this part only. The file has all runs.",
    )


def chosen(found: list[RunRow]) -> list[RunRow]:
    """The rows in the charts: the ticked ones, those of the link, or at first the visitor's own newest runs."""
    by_id = {row.run.id: row for row in found}
    if CHOSEN not in st.session_state:
        linked = [run for run in _linked() if run in by_id]
        st.session_state[CHOSEN] = linked or [row.run.id for row in own_newest_first(found)[:FIRST_SHOWN]]
    return [by_id[run] for run in st.session_state[CHOSEN] if run in by_id][:MAX_SHOWN]


def own_newest_first(found: Iterable[RunRow]) -> list[RunRow]:
    """The rows with something to draw: the visitor's own before others', finished or training before failed."""
    drawable = [row for row in found if row.summary.started and not row.run.shipped]
    return sorted(drawable, key=lambda row: (not own(row.run), row.state not in (FINISHED, *ACTIVE)))


def say_missing_ones(found: list[RunRow]) -> None:
    """Names the runs of the link that do not exist, until the visitor ticks other runs."""
    here = {row.run.id for row in found}
    say_missing(*(run for run in _linked() if run not in here))


def _linked() -> list[str]:
    return [run for run in st.query_params.get("runs", "").split(",") if run]


def choose(runs: list[str]) -> None:
    """Sets the runs in the charts, also in the link. For callbacks too."""
    st.session_state[CHOSEN] = runs
    st.query_params["runs"] = ",".join(runs[:MAX_SHOWN])


def table(found: list[RunRow], shown: list[RunRow], group_by: str) -> None:
    """Draws the table of `found`, with `shown` ticked, grouped by a knob; an empty text means no groups."""
    knobs = comparison.differing_knobs(row.config for row in found if not row.run.shipped)
    knobs = [name for name in knobs if name != group_by]
    groups = group_by_knob(found, group_by) if group_by else []
    place = {row.run.id: number for number, group in enumerate(groups) for row in group.rows}
    baseline = next((row for row in found if row.run.baseline), None)
    differing = tuple(comparison.differing_knobs(row.config for row in found))
    layout = Layout(tuple(knobs[:MAX_KNOBS]), baseline, any(row.run.recipe for row in found), differing)
    me = current()  # once for hundreds of rows
    ticked = {row.run.id for row in shown}
    drawn = [table_row(row, layout, group=place.get(row.run.id, 0), mine=me.may_control(row.run)) for row in found]
    content = Table(
        columns(layout),
        drawn,
        [group.title for group in groups],
        [row.run.id for row in found if row.run.id in ticked],
        common=filter_words(found[0], [name for name in KNOBS if name not in differing]) if found else "",
        marks=explain_marks(drawn),
    )
    run_table(content, key="compare_table", on_choose=choose, on_edit=_edit)


def check_owner(run_id: str, action: str) -> None:
    """Raises `RunError` where the run belongs to another visitor."""
    run = caches.store().get(run_id)
    if not may_control(run):
        raise RunError(f"Somebody else started the run {run_title(run)}. Only they and the teacher can {action}.")


def _edit(run_id: str, field: str, value: Any) -> None:
    """Saves a name, a note, a star or the baseline; where that is refused, the page says why.

    Everybody may set a star and the baseline, as a class looks at one table: nothing is lost. A name and a note belong
    to their author, and another text would replace them.
    """
    is_text = field in ("name", "note")
    kind = str if is_text else bool
    try:
        if is_text:
            check_owner(run_id, "rename it or write its note")
        caches.store().update(run_id, **{field: kind(value)})
    except DigitLabError as error:
        st.session_state[REFUSED] = error.sentence

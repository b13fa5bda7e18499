"""Deletes runs that the visitor selects for it, and restores them. Ticks in the table only choose curves."""

from pathlib import Path

import streamlit as st

from core.errors import DigitLabError
from core.evaluation.comparison import RunRow
from core.formatting import count, file_size
from core.runs import trash
from core.runs.store import ACTIVE
from pages.parts.compare import run_rows
from pages.shared import caches
from pages.shared.distinct_labels import distinct
from pages.shared.local_time import run_title
from pages.shared.visitor import current

_TIMES = "compare_deletions"  # session: how often runs were deleted
_WERE_SHOWN = "compare_deleted_shown"  # session: those of the deleted runs that were in the charts


def menu(found: list[RunRow], shown: list[RunRow]) -> None:
    """A menu with a selection of its own, empty at first."""
    me = current()  # once for hundreds of rows
    ended = [row for row in found if not row.run.shipped and row.state not in ACTIVE]
    own = [row for row in ended if me.may_control(row.run)]
    titles = distinct({row.run.id: f"{run_title(row.run)} · {row.state}" for row in own})
    # A new key closes the menu and empties the selection after a deletion.
    times = st.session_state.get(_TIMES, 0)
    deletable = bool(titles or _deleted())
    with st.popover("Delete runs", icon=":material/delete:", disabled=not deletable, key=f"compare_delete_{times}"):
        key = f"compare_delete_which_{times}"
        in_charts = [row.run.id for row in shown if row.run.id in titles]
        if not titles:
            _trash()
            return
        selected = st.multiselect(
            "Runs to delete", list(titles), format_func=lambda run: titles.get(run, run), key=key,
            placeholder="Select runs",
        )  # fmt: skip
        st.button(
            f"Select the {count(len(in_charts), 'ended run')} in the charts", type="tertiary",
            icon=":material/playlist_add_check:", disabled=not in_charts, on_click=_select, args=(key, in_charts),
            key="compare_delete_charts",
        )  # fmt: skip
        st.button(
            f"Move {count(len(selected), 'run')} to the trash" if selected else "Move to the trash",
            type="primary", disabled=not selected, on_click=_delete, args=(selected,), key="compare_delete_now",
        )  # fmt: skip
        _trash()
        if len(own) < len(ended):
            st.caption("Runs that somebody else started are not listed. Only they and the teacher can delete them.")


def _trash() -> None:
    """Deletes for good what this visitor moved to the trash: only that frees the disk."""
    if folders := _deleted():
        label = f"Empty the trash: {count(len(folders), 'run')}, {file_size(trash.size(folders))}"
        st.button(
            label, icon=":material/delete_forever:", on_click=_empty_trash, key="compare_empty_trash",
            help="Deletes them for good and frees the disk. The trash keeps at most "
            f"{trash.MAX_DELETED_RUNS} runs: newer ones replace the oldest.",
        )  # fmt: skip


def _empty_trash() -> None:
    trash.delete_for_good(_deleted())
    st.session_state.pop(run_rows.DELETED, None)
    st.session_state[_TIMES] = st.session_state.get(_TIMES, 0) + 1


def _deleted() -> list[Path]:
    """The runs in the trash that this visitor may delete for good; the teacher may delete all."""
    me = current()
    return trash.deleted_by(None if me.is_teacher else me.id, caches.store().trash)


def undo_button() -> None:
    """Offers to restore what was deleted last."""
    if deleted := st.session_state.get(run_rows.DELETED):
        st.button(
            f"Restore {count(len(deleted), 'run')}", icon=":material/undo:", on_click=_restore, key="compare_undo"
        )


def _select(key: str, runs: list[str]) -> None:
    st.session_state[key] = runs


def _delete(runs: list[str]) -> None:
    gone = []
    for run in runs:
        try:
            run_rows.check_owner(run, "delete it")
            caches.store().delete(run)
            gone.append(run)
        except DigitLabError as error:
            st.session_state[run_rows.REFUSED] = error.sentence
    st.session_state[_TIMES] = st.session_state.get(_TIMES, 0) + 1
    st.session_state[run_rows.DELETED] = gone
    shown = st.session_state.get(run_rows.CHOSEN, [])
    st.session_state[_WERE_SHOWN] = [run for run in shown if run in gone]
    run_rows.choose([run for run in shown if run not in gone])


def _restore() -> None:
    restored = st.session_state.pop(run_rows.DELETED, [])
    for run in restored:
        try:
            caches.store().restore(run)
        except DigitLabError as error:
            st.session_state[run_rows.REFUSED] = error.sentence
    run_rows.choose([*st.session_state.get(run_rows.CHOSEN, []), *st.session_state.pop(_WERE_SHOWN, [])])

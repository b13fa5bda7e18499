"""Which run the right side of Train shows, the picker of another one, and folders that cannot be shown."""

import itertools

import streamlit as st

from core.errors import RunError
from core.evaluation.run_archive import is_download
from core.formatting import percent, plain
from core.runs.events import FAILED, FINISHED
from core.runs.store import INTERRUPTED, Run
from pages.parts.train import watched_run
from pages.shared import caches
from pages.shared.local_time import run_title
from pages.shared.missing_runs import say_missing
from pages.shared.run_options import more_runs, run_options
from pages.shared.stable_selectbox import picked, picker
from pages.shared.visitor import marks, own

_DELETE_FAILED = "delete_failed"  # session
_MAX_DAMAGED = 20  # of the folders that cannot be read
_NONE = ""  # in the picker: no run is shown
_SIGNS = {FINISHED: "✓", FAILED: "✗", INTERRUPTED: "!"}


def choose() -> Run | None:
    """The run of the link, else the one watched last, else the visitor's own that trains or was trained last.

    A newcomer sees nobody else's run unless they pick it. On a server for several people, that includes the runs of the
    command line.
    """
    runs = run_options(
        caches.store().runs(), lambda run: not run.shipped, keep=(*watched_run.requested_runs(), *_active())
    )
    by_id = {run.id: run for run in runs}
    requested = _requested_run(by_id)
    if requested:
        watched_run.settle(requested)
    if len(by_id) > 1 or (by_id and not requested):
        mark = marks(runs)
        labels = {} if requested else {_NONE: "No run chosen"}
        labels |= {run.id: _label(run) + mark[run.id] for run in runs}
        first = requested or _NONE
        picker(
            "Run", labels, key=_picker_key(first), first=first, on_change=_follow, args=(first,), help=more_runs(runs)
        )
    return by_id[requested] if requested else None


def _requested_run(by_id: dict[str, Run]) -> str | None:
    for run_id in watched_run.requested_runs():
        if run_id in by_id:
            return run_id
        _say_missing(run_id)
    mine = [run for run in by_id.values() if own(run)]
    active = [run for run in caches.store().active() if own(run) and run.id in by_id]
    trained = (run for run in mine if run.has_model or run.epochs)
    return next((run.id for run in itertools.chain(active, trained, mine)), None)


def _active() -> list[str]:
    return [run.id for run in caches.store().active()]


def _say_missing(run_id: str) -> None:
    """Says why a run of the link cannot be shown. The next time the page is drawn, it does not ask for that run."""
    try:
        caches.store().get(run_id)
    except RunError:
        say_missing(run_id)
    watched_run.forget()


def _picker_key(run_id: str) -> str:
    """A new box for each run, so that older values which the browser still sends do not count."""
    return f"watch_{run_id}"


def _follow(watched_then: str) -> None:
    if (watched_run.last() or _NONE) == watched_then and (run_id := picked(_picker_key(watched_then))):
        watched_run.watch(run_id)


def _label(run: Run) -> str:
    """A run in the picker, which is not drawn again until the run ends: it says nothing that a pause would change."""
    state, ended = run.state, run.ended
    if run.active:
        return f"● {run_title(run)} · in progress"
    accuracy = ended and (ended.validation_accuracy if ended.validation_accuracy is not None else ended.test_accuracy)
    return f"{_SIGNS.get(state, '·')} {run_title(run)} · {percent(accuracy) if accuracy else state}"


def damaged() -> None:
    """Folders that hold no readable run: each is named, with the reason, and can be moved to the trash."""
    for run_id, reason in list(caches.store().damaged().items())[:_MAX_DAMAGED]:
        with st.container(horizontal=True, vertical_alignment="center"):
            if is_download(caches.store().folder / run_id):
                st.info(f"{run_id} is a downloaded run. Open Compare to add it.", icon=":material/folder_zip:")
                continue
            st.warning(plain(reason), icon=":material/broken_image:")
            st.button("Move to the trash", key=f"away_{run_id}", on_click=_delete, args=(run_id,))
    if problem := st.session_state.pop(_DELETE_FAILED, ""):
        st.warning(plain(problem), icon=":material/info:")


def _delete(run_id: str) -> None:
    """All visitors see the button: another may have been quicker, and a worker may still train in the folder."""
    try:
        caches.store().delete(run_id)
    except RunError as error:
        st.session_state[_DELETE_FAILED] = error.sentence if run_id in caches.store().damaged() else ""

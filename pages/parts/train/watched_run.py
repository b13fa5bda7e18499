"""Which run a visitor watches on Train. The link names it; the session remembers it when the link does not."""

from collections.abc import Callable

import streamlit as st

from core.runs.store import Run
from pages.shared import frame

_STARTED, _WATCHED, _LAST_STARTED = "started_runs", "watched_run", "last_started_run"
_ARRIVAL = "arrival_at_run"  # the visit, and the run of its link


def watch(run_id: str) -> None:
    """Watches another run."""
    st.session_state[_WATCHED] = st.query_params["run"] = run_id


def watch_new(submit: Callable[[], Run]) -> None:
    """Watches the run that `submit` starts.

    The visitor's next click can interrupt a callback whenever it uses the session, and the rest of the callback never
    runs. So the list is fetched first: once the run exists, its id is noted without using the session.
    """
    started = st.session_state.setdefault(_STARTED, [])
    started.append(submit().id)


def has_new() -> bool:
    """Whether a run was started since the page was last drawn."""
    return bool(st.session_state.get(_STARTED))


def requested_runs() -> list[str]:
    """The runs to watch, the most wanted first: those just started, the link's run, the one watched last."""
    started = st.session_state.get(_STARTED, [])
    others = (st.query_params.get("run"), st.session_state.get(_WATCHED))
    return list(dict.fromkeys([*reversed(started), *(run_id for run_id in others if run_id)]))


def settle(run_id: str) -> None:
    """Writes the run that is shown into the link."""
    if st.session_state.get(_WATCHED) != run_id or st.query_params.get("run") != run_id:
        watch(run_id)
    if started := st.session_state.get(_STARTED):
        st.session_state[_LAST_STARTED] = started[-1]
        started.clear()


def note_arrival() -> None:
    """Notes the run of a link that names a run and nothing else: its visitor came for the run, not for the form."""
    if st.session_state.get(_ARRIVAL, (0, ""))[0] != frame.visits():
        only = set(st.query_params) <= {"run", "tour"}
        st.session_state[_ARRIVAL] = (frame.visits(), st.query_params.get("run", "") if only else "")


def arrival() -> str:
    """A new text for each arrival by the link of a run; empty for other arrivals."""
    visit, run_id = st.session_state.get(_ARRIVAL, (0, ""))
    return run_id and f"{run_id} {visit}"


def last() -> str | None:
    """The run that was watched when the page was last drawn."""
    return st.session_state.get(_WATCHED)


def last_started() -> str:
    """The run that this visitor started last; empty before the first."""
    return st.session_state.get(_LAST_STARTED, "")


def newest_started() -> str:
    """Like `last_started`, but at once: also a run that the page has not shown yet."""
    pending = st.session_state.get(_STARTED)
    return pending[-1] if pending else last_started()


def forget() -> None:
    """Forgets the run of the link, which no longer exists."""
    st.query_params.pop("run", None)
    st.session_state.pop(_WATCHED, None)

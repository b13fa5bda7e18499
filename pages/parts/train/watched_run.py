"""Which run a visitor watches on Train: kept in the link, and in the session for when they come back without it."""

from collections.abc import Callable

import streamlit as st

from core.runs.store import Run

_BEGUN, _WATCHED, _BEGUN_LAST = "begun", "watched", "begun_last"


def watch(run_id: str) -> None:
    """Watches another run."""
    st.session_state[_WATCHED] = st.query_params["run"] = run_id


def watch_new(submit: Callable[[], Run]) -> None:
    """Watches the run that `submit` begins.

    Whatever touches the session may give way to the visitor's next click, and the rest of a callback is never run. So
    the list is fetched first: once there is a run, it is noted.
    """
    begun = st.session_state.setdefault(_BEGUN, [])
    begun.append(submit().id)


def begins() -> bool:
    """Whether a run was begun since the page was last drawn."""
    return bool(st.session_state.get(_BEGUN))


def wanted() -> list[str]:
    """The runs to watch, the most wanted first: those just begun, that of the link, the one watched last."""
    begun = st.session_state.get(_BEGUN, [])
    others = (st.query_params.get("run"), st.session_state.get(_WATCHED))
    return list(dict.fromkeys([*reversed(begun), *(run_id for run_id in others if run_id)]))


def settle(run_id: str) -> None:
    """This is the one: the link names it."""
    if st.session_state.get(_WATCHED) != run_id or st.query_params.get("run") != run_id:
        watch(run_id)
    if begun := st.session_state.get(_BEGUN):
        st.session_state[_BEGUN_LAST] = begun[-1]
        begun.clear()


def last() -> str | None:
    """The run that was watched when the page was last drawn."""
    return st.session_state.get(_WATCHED)


def begun_last() -> str:
    """The run that this visitor began last; empty before the first."""
    return st.session_state.get(_BEGUN_LAST, "")


def forget() -> None:
    """The run of the link is gone: it is not asked for again."""
    st.query_params.pop("run", None)
    st.session_state.pop(_WATCHED, None)

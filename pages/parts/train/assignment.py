"""The assignment that a visitor works on: from the link, with its question, its few knobs and its prediction.

/train?assignment=1f2e3d4c                                            kept on this server, with a class board
/train?units=512&epochs=5&only=units,epochs&task=How few units still reach 95%?   carried by the link alone
"""

from contextlib import suppress
from dataclasses import dataclass

import streamlit as st

from core.classroom import assignments
from core.classroom.assignments import Assignment
from core.config.run_config import KNOBS, RunConfig
from core.errors import AssignmentError, ConfigError
from core.formatting import plain
from pages.parts.train import board_name, prediction_box, watched_run
from pages.shared import controls, crowd, lessons
from pages.shared.fragments import guarded_fragment

_WORK = "task"  # session: the assignment, so that it is still there after a look at another page
_NAMES = ("assignment", "only", "task", "predict", "within", "choices", "versus")  # parameters of the link
_MAX_VALUE = 2000  # characters of a parameter
_REFRESH_SECONDS = 3.0


@dataclass
class _Work:
    """The parameters of the link, the knobs with which the visitor arrived, and what happened to it since."""

    link: dict[str, str]
    start: RunConfig
    shown: Assignment | None = None  # as the page has shown it last
    edited_after: str | None = None  # the visitor's newest run when somebody edited the assignment


def present() -> Assignment | None:
    """The visitor's assignment; None if they have none, and all knobs are shown. A new one sets the knobs."""
    link = {name: st.query_params[name][:_MAX_VALUE] for name in _NAMES if name in st.query_params}
    work: _Work | None = st.session_state.get(_WORK)
    if link and (work is None or work.link != link):
        work = _arrive(link) or work
    if work is None:
        return None
    found, problem = _read(work)
    _say(found, problem)
    if found is None:
        work.shown = None
        return None
    if work.shown and work.shown.task != found.task:
        _follow(work, work.shown, found)
    work.shown = found
    return found


def settable(config: RunConfig) -> RunConfig:
    """What the form takes of `config`: in an assignment only the knobs that the visitor can set, else all."""
    work: _Work | None = st.session_state.get(_WORK)
    if work is None or work.shown is None or lessons.EDIT in st.query_params:
        return config
    return work.shown.begin(config)


def query() -> dict[str, str]:
    """The assignment as parameters of the link."""
    work: _Work | None = st.session_state.get(_WORK)
    return work.link if work else {}


def latest(assignment: Assignment) -> Assignment:
    """The assignment as it is now. Raises `AssignmentError` if it was deleted or edited meanwhile.

    A prediction is about the question that its student has read, so a run of an edited one waits until they read it.
    """
    now = lessons.assignments().get(assignment.id) if assignment.id else assignment
    if now.task != assignment.task:
        raise AssignmentError("Your teacher has just changed this assignment. Read it again, then press Start.")
    return now


def show(assignment: Assignment) -> None:
    """The question, what can be set, and the way back to all knobs."""
    with st.container(border=True, key="task"):
        if assignment.question:
            st.text(assignment.question)
        labels = ", ".join(KNOBS[name].label for name in assignment.knobs)
        free = f"You can set: {labels}. All other knobs are fixed." if labels else "All other knobs are fixed."
        st.caption(f":material/school: An assignment. {free}")
        if _just_edited():
            st.info(
                "Your teacher has changed the assignment. The knobs that you can set stay as they are.",
                icon=":material/edit:",
            )
        if not assignment.open:
            st.info("Your teacher has closed this assignment: it takes no new runs.", icon=":material/lock:")
        with st.container(horizontal=True, gap="small", vertical_alignment="center", key="task_buttons"):
            if assignment.id:
                lessons.board_link(assignment)
                lessons.edit_link(assignment)
            if (own := _own_settings(assignment)) is not None:
                st.button(
                    "Back to its settings",
                    on_click=controls.form().choose,
                    args=(own.to_dict(),),
                    icon=":material/undo:",
                    help="The fixed knobs get the values of the assignment. Yours stay.",
                )
            st.button("Show all knobs", on_click=leave, icon=":material/tune:")
        if assignment.id:
            board_name.show()
            _watch(assignment)


def keep_fixed(assignment: Assignment) -> None:
    """Gives the fixed knobs their values again after a link of another page has set them, and says so."""
    if (own := _own_settings(assignment)) is None:
        return
    with suppress(ConfigError):
        fixed = ", ".join(KNOBS[name].label for name in assignment.departures(controls.run_config()))
        st.info(f"Your assignment fixes {fixed}, and the link did not change that.", icon=":material/lock:")
    controls.choose(own.to_dict())


def _just_edited() -> bool:
    """Whether somebody edited the assignment while this visitor had it open, and they have started no run since."""
    work: _Work | None = st.session_state.get(_WORK)
    return work is not None and work.edited_after == watched_run.newest_started()


def _watch(assignment: Assignment) -> None:
    """Draws the page again once somebody has edited, closed or deleted the assignment."""

    @guarded_fragment(run_every=crowd.stretched(_REFRESH_SECONDS))
    def watch() -> None:
        if lessons.find(assignment.id) != assignment:
            st.rerun()

    watch()


def leave() -> None:
    """The visitor trains without the assignment."""
    st.session_state.pop(_WORK, None)
    for name in _NAMES:
        st.query_params.pop(name, None)


def _arrive(link: dict[str, str]) -> _Work | None:
    """Takes the assignment of the link. Its fixed knobs get its values."""
    try:
        config = controls.run_config()
    except ConfigError:
        config = RunConfig()
    work = _Work(link, config)
    found, problem = _read(work)
    if found is None:
        _say(found, problem)
        return None
    if found.id:
        with_knobs = any(name in KNOBS for name in st.query_params)
        controls.choose((found.begin(config) if with_knobs else found.start).to_dict())
    st.session_state[_WORK] = work
    return work


def _follow(work: _Work, before: Assignment, now: Assignment) -> None:
    """Gives the knobs that are fixed the values of the edited assignment, and remembers to say that it was edited."""
    work.edited_after = watched_run.newest_started()
    prediction_box.follow(before, now)
    if (before.start, before.free_knobs) != (now.start, now.free_knobs):
        with suppress(ConfigError):
            controls.choose(now.begin(controls.run_config()).to_dict())


def _read(work: _Work) -> tuple[Assignment | None, str]:
    """The kept assignment; without its file, the one that the link carries. Then also a sentence that says why."""
    problem = ""
    if kept := work.link.get("assignment"):
        try:
            return lessons.assignments().get(kept), ""
        except AssignmentError as error:
            problem = error.sentence
    try:
        return assignments.from_link(work.link, work.start), problem
    except AssignmentError as error:
        return None, f"The assignment of the link cannot be used. {error.sentence}"


def _say(found: Assignment | None, problem: str) -> None:
    """Says why the assignment is not the one that this server keeps."""
    if problem and found is None:
        st.error(plain(problem), icon=":material/link_off:")
    elif problem:
        st.caption(":material/link_off: This server does not know the assignment, so there is no class board.")


def _own_settings(assignment: Assignment) -> RunConfig | None:
    """What the form must be, if a fixed knob was changed, for example by advice of the coach; else None."""
    try:
        config = controls.run_config()
    except ConfigError:
        return assignment.start
    return own if assignment.id and (own := assignment.begin(config)) != config else None

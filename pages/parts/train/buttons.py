"""The buttons of a run: pause, continue, stop, and what can be done with a run that has ended."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import streamlit as st

from core.classroom.visitors import Visitor
from core.config.run_config import KNOBS
from core.errors import DigitLabError
from core.evaluation import run_export
from core.formatting import count, plain
from core.jobs.places import check_run
from core.jobs.scheduler import MAX_PAUSE_SECONDS
from core.runs.store import PAUSED, Run
from pages.parts.train import export_box, watched_run
from pages.shared import caches, controls
from pages.shared.local_time import run_title
from pages.shared.visitor import current, may_control

_PAUSE = (
    "Pauses after the present step. The run keeps the device until somebody else has waited "
    f"{MAX_PAUSE_SECONDS:.0f} s for it."
)
PROBLEM, _REMOVED, _RATE = "button_problem", "removed_run", "requested_rate"  # session


@dataclass(frozen=True)
class _Action:
    """What a button does with a run. `everybody`: visitors who did not start the run may press it, too."""

    label: str
    icon: str
    do: Callable[..., Any]
    help: str | None = None
    everybody: bool = False


def button_row(run: Run, state: str) -> None:
    """The buttons that make sense in this state."""
    if problem := st.session_state.pop(PROBLEM, None):
        st.warning(plain(problem), icon=":material/info:")
    with st.container(horizontal=True, gap="small", vertical_alignment="center", key="run_buttons"):
        match state:
            case "waiting":
                _button(run, _Action("Remove from queue", "close", _end, help="You can put it back afterwards."))
            case "starting":
                _button(run, _Action("Stop", "stop", _end, help="Stops the run before it trains."))
            case "running" | "paused":
                _while_training(run, state)
            case "finished":
                _uses(run)
                if not run.is_personalised:  # its training was not kept as epochs, and its knobs make another network
                    if run.prediction is None and run.can_continue:  # a prediction is of the epochs that there are
                        _more_epochs(run)
                    _restart(run)
                _downloads(run)
            case _:
                if run.has_model or run.checkpoint_epochs:
                    _uses(run)
                if run.can_continue:
                    _continue(run)
                _restart(run)
                _downloads(run)


def undo_removal() -> None:
    """Offers to put the run that this visitor removed last back into the queue."""
    if run := st.session_state.get(_REMOVED):
        with st.container(horizontal=True, gap="small", vertical_alignment="center"):
            st.info(f"{plain(run_title(run))} was removed from the queue.", icon=":material/undo:", width="stretch")
            st.button("Put it back", key="undo_removal", on_click=_put_back)


def _end(run_id: str, *, visitor: Visitor) -> None:
    """Removes a run from the queue, or stops it if it has begun since the page was drawn."""
    run = caches.store().get(run_id)
    caches.jobs().stop(run_id, visitor=visitor)
    if not run.folder.is_dir():  # one that trained before is kept and can be resumed
        st.session_state[_REMOVED] = run
        watched_run.forget()


def _put_back() -> None:
    run = st.session_state[_REMOVED]
    try:
        caches.jobs().put_back(run, visitor=current())
    except DigitLabError as error:
        st.session_state[PROBLEM] = error.sentence
        return
    del st.session_state[_REMOVED]
    watched_run.watch(run.id)


def _continue(run: Run) -> None:
    jobs = caches.jobs()
    _button(run, _Action("Resume", "play_arrow", jobs.resume, help=run.continues))
    _button(run, _Action("One epoch", "skip_next", jobs.step, help="Trains one epoch, then pauses."))


def _while_training(run: Run, state: str) -> None:
    jobs = caches.jobs()
    if state == PAUSED:
        _button(run, _Action("Continue", "play_arrow", jobs.resume), primary=True)
    else:
        _button(run, _Action("Pause", "pause", jobs.pause, help=_PAUSE))
    _button(run, _Action("One epoch", "skip_next", jobs.step, help="Trains to the end of the epoch, then pauses."))
    _button(run, _Action("Stop", "stop", _end, help="Ends the run and keeps its weights."))
    if run.prediction is None:  # it was about this learning rate
        _learning_rate(run, state)


def _learning_rate(run: Run, state: str) -> None:
    """A new learning rate for a run that trains. The charts mark where it was set."""
    with st.popover("Learning rate", icon=":material/speed:", disabled=not _is_own(run), width="content"):
        key = f"rate_{run.id}_{len(run.rates)}"  # a new box once the rate was set: it shows the present rate
        now = run.rates[-1].learning_rate if run.rates else run.config.learning_rate
        st.text_input("New learning rate", f"{now:g}", key=key, help=f"A number from {KNOBS['learning_rate'].allowed}.")

        def set_rate(run_id: str, *, visitor: Visitor) -> None:
            text = controls.decimal(st.session_state[key])
            rate = KNOBS["learning_rate"].read("learning_rate", text, float)
            caches.jobs().set_learning_rate(run_id, rate, visitor=visitor)
            st.session_state[_RATE] = (run.id, rate, len(run.rates))

        _button(run, _Action("Set", "check", set_rate))
        _confirm_rate(run, state)


def _confirm_rate(run: Run, state: str) -> None:
    run_id, rate, rates_then = st.session_state.get(_RATE, ("", 0.0, 0))
    if run_id == run.id and rates_then == len(run.rates):
        when = "when the run continues" if state == PAUSED else "after the present step"
        st.caption(f":material/hourglass_empty: {rate:g} is set {when}.")
    elif run.rates:
        last = run.rates[-1]
        st.caption(f":material/check: Set to {last.learning_rate:g} in epoch {last.epoch}.")


def _more_epochs(run: Run) -> None:
    with st.popover("More epochs", icon=":material/add:", disabled=not _is_own(run), width="content"):
        number = int(st.number_input("Epochs to add", 1, 100, 5, key=f"more_{run.id}"))
        _button(
            run,
            _Action(
                f"Train {count(number, 'more epoch')}",
                "play_arrow",
                lambda run_id, visitor: caches.jobs().add_epochs(run_id, number, visitor=visitor),
            ),
        )


def _restart(run: Run) -> None:
    """A new run with the same knobs. The old one stays as it is."""
    if run.prediction is not None:  # a new run of an assignment has a prediction of its own: the form asks for it
        return

    def again(run_id: str, *, visitor: Visitor) -> None:
        check_run(caches.jobs().place, run)
        forecast = run.forecast_seconds
        watched_run.watch_new(lambda: caches.jobs().submit(run.config, visitor=visitor, forecast_seconds=forecast))

    _button(
        run,
        _Action("Restart", "replay", again, everybody=True, help="A new run with the same knobs, from the beginning."),
    )


def _downloads(run: Run) -> None:
    """The run as files, each made when it is downloaded."""
    name = run_export.file_name(run)
    with st.popover("Download", icon=":material/download:", width="content"):
        programs = "" if run.foreign else "a program and a notebook that train it in Keras, "
        st.caption(f"The network, {programs}all figures, and a description.")
        _download("Everything", "folder_zip", lambda: run_export.build_archive(run), f"{name}.zip", "application/zip")
        with st.container(horizontal=True, gap="small"):
            if run.has_model:
                _download("Network", "network_node", run.read_model, f"{name}.keras", "application/zip")
            if not run.foreign:
                _programs(run)
            if run.epochs:
                _download("History", "table", lambda: run_export.history(run), f"{name}.csv", "text/csv")
        if run.has_model or run.checkpoint_epochs:
            export_box.show(run)


def _programs(run: Run) -> None:
    """What trains the same network without Digit Lab."""
    name, mime = run_export.file_name(run), "application/x-ipynb+json"
    _download(
        "Program",
        "code",
        lambda: run_export.program(run, run_title(run)),
        f"{name}.py",
        "text/x-python",
    )
    _download("Notebook", "menu_book", lambda: run_export.notebook(run), f"{name}.ipynb", mime)


def _download(label: str, icon: str, make: Callable[[], str | bytes], file_name: str, mime: str) -> None:
    kind = file_name.rpartition(".")[2]
    st.download_button(
        f"{label} (.{kind})", make, file_name, mime, icon=f":material/{icon}:", on_click="ignore", width="stretch"
    )


def _uses(run: Run) -> None:
    query = {"run": run.id}
    st.page_link("pages/draw.py", label="Draw a digit", icon=":material/draw:", query_params=query)
    st.page_link("pages/evaluate.py", label="Evaluate", icon=":material/fact_check:", query_params=query)


def _button(run: Run, action: _Action, *, primary: bool = False) -> None:
    """A button that controls the run. If that is refused, the page says why."""

    def act() -> None:
        try:
            action.do(run.id, visitor=current())
        except DigitLabError as error:
            st.session_state[PROBLEM] = error.sentence

    allowed = action.everybody or _is_own(run)
    # "Remove from queue" and "Stop" are one button: a click is lost if the state changes before it arrives at another.
    name = "end" if action.do is _end else action.label
    st.button(
        action.label,
        icon=f":material/{action.icon}:",
        key=f"{name}_{run.id}",
        on_click=act,
        type="primary" if primary else "secondary",
        disabled=not allowed,
        help=action.help if allowed else "Somebody else started this run. Only they and the teacher can control it.",
    )


def _is_own(run: Run) -> bool:
    return may_control(run)

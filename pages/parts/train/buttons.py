"""Play, pause, step, stop and what may be done with a run that has ended."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from core.config.run_config import KNOBS
from core.errors import DigitLabError
from core.evaluation import run_export
from core.jobs.scheduler import MAX_PAUSE_SECONDS
from core.network.keras_script import script
from core.runs.run import by_hand
from core.runs.store import PAUSED, Run
from pages.parts.train import watched_run
from pages.shared import caches, controls
from pages.shared.local_time import run_title
from pages.shared.visitor import visitor

_PAUSE = f"Holds after the present step. The device stays taken, until others have waited for it for {MAX_PAUSE_SECONDS:.0f} s."
SAID, _WITHDRAWN = "said_by_button", "withdrawn"


def row(run: Run, state: str) -> None:
    """The buttons that make sense in this state."""
    if said := st.session_state.pop(SAID, None):
        st.warning(said, icon=":material/info:")
    with st.container(horizontal=True, gap="small", vertical_alignment="center", key="run_buttons"):
        match state:
            case "waiting":
                _button("Withdraw", "close", run, _withdraw, help="Takes it out of the line; it can be brought back.")
            case "starting":
                _button("Stop", "stop", run, caches.jobs().stop, help="Stops and keeps what there is.")
            case "running" | "paused":
                _while_training(run, state)
            case "finished":
                _onwards(run)
                if not run.taught:  # nothing of how it was taught was kept, and its knobs make another network
                    _more_epochs(run)
                    _restart(run)
                _take_along(run)
            case _:
                if run.has_model or run.kept_epochs:
                    _onwards(run)
                _button("Resume", "play_arrow", run, caches.jobs().resume, help=run.continues)
                _button("One epoch", "skip_next", run, caches.jobs().step, help="Trains one epoch and pauses.")
                _restart(run)
                _take_along(run)


def undo_withdrawal() -> None:
    """Offers to put back into the line what this visitor took out of it last."""
    if run := st.session_state.get(_WITHDRAWN):
        with st.container(horizontal=True, gap="small", vertical_alignment="center"):
            st.info(f"{run_title(run)} is out of the line.", icon=":material/undo:", width="stretch")
            st.button("Bring it back", key="undo_withdrawal", on_click=_bring_back)


def _withdraw(run_id: str, *, visitor: str) -> None:
    run = caches.store().get(run_id)
    caches.jobs().cancel(run_id, visitor=visitor)
    if not run.folder.is_dir():  # one that trained before stays, and can be resumed
        st.session_state[_WITHDRAWN] = run
        watched_run.forget()


def _bring_back() -> None:
    run = st.session_state.pop(_WITHDRAWN)
    try:
        caches.store().restore(run.id)  # it waits again
    except DigitLabError as error:
        st.session_state[SAID] = str(error)
        return
    watched_run.watch(run.id)


def _while_training(run: Run, state: str) -> None:
    jobs = caches.jobs()
    if state == PAUSED:
        _button("Go on", "play_arrow", run, jobs.resume, primary=True)
    else:
        _button("Pause", "pause", run, jobs.pause, help=_PAUSE)
    _button("One epoch", "skip_next", run, jobs.step, help="Trains to the end of an epoch and holds there.")
    _button("Stop", "stop", run, jobs.stop, help="Ends the run and keeps its weights.")
    _learning_rate(run)


def _learning_rate(run: Run) -> None:
    """A new learning rate for a run that trains; the chart marks where it was set."""
    with st.popover("Learning rate", icon=":material/speed:", disabled=not _mine(run), width="content"):
        key = f"rate_{run.id}_{len(run.rates)}"  # a new box once the rate was set: it begins at the one in force
        now = run.rates[-1].learning_rate if run.rates else run.config.learning_rate
        steps = sorted({*controls.powers(KNOBS["learning_rate"], float), now})
        rate = st.select_slider("From now on", steps, value=now, key=key, format_func=lambda step: f"{step:g}")
        _button(
            "Set", "check", run, lambda run_id, visitor: caches.jobs().set_learning_rate(run_id, rate, visitor=visitor)
        )


def _more_epochs(run: Run) -> None:
    with st.popover("More epochs", icon=":material/add:", disabled=not _mine(run), width="content"):
        number = st.number_input("Epochs to add", 1, 100, 5, key=f"more_{run.id}")
        word = f"Train {number} more epoch{'s' if number > 1 else ''}"
        _button(
            word,
            "play_arrow",
            run,
            lambda run_id, visitor: caches.jobs().add_epochs(run_id, int(number), visitor=visitor),
        )


def _restart(run: Run) -> None:
    """A new run with the same knobs; the old one stays as it is."""

    def again(run_id: str, *, visitor: str) -> None:
        forecast = run.forecast_seconds
        watched_run.watch_new(lambda: caches.jobs().submit(run.config, starter=visitor, forecast_seconds=forecast))

    _button("Restart", "replay", run, again, everybody=True, help="A new run with the same knobs, from scratch.")


def _take_along(run: Run) -> None:
    """The run as files, made when they are asked for."""
    name = run_export.file_name(run)
    with st.popover("Take along", icon=":material/download:", width="content"):
        st.caption("The network, a program that trains it with Keras alone, all figures, and a card about them.")
        _download("Everything", "folder_zip", lambda: run_export.bundle(run), f"{name}.zip", "application/zip")
        if run.has_model:
            _download("Network", "network_node", run.model_path.read_bytes, f"{name}.keras", "application/zip")
        _download(
            "Program", "code", lambda: script(run.config, run_title(run), by_hand(run)), f"{name}.py", "text/x-python"
        )
        if run.epochs:
            _download("History", "table", lambda: run_export.history(run), f"{name}.csv", "text/csv")


def _download(label: str, icon: str, made: Callable[[], str | bytes], file_name: str, mime: str) -> None:
    kind = file_name.rpartition(".")[2]
    st.download_button(
        f"{label} (.{kind})", made, file_name, mime, icon=f":material/{icon}:", on_click="ignore", width="stretch"
    )


def _onwards(run: Run) -> None:
    query = {"run": run.id}
    st.page_link("pages/draw.py", label="Draw with it", icon=":material/draw:", query_params=query)
    st.page_link("pages/evaluate.py", label="Evaluate", icon=":material/fact_check:", query_params=query)


def _button(
    label: str,
    icon: str,
    run: Run,
    do: Callable[..., Any],
    *,
    help: str | None = None,
    primary: bool = False,
    everybody: bool = False,
) -> None:
    """A button that asks something of the run. What the jobs refuse is said in a sentence.

    `everybody`: also those may press it who did not start the run.
    """

    def act() -> None:
        try:
            do(run.id, visitor=visitor())
        except DigitLabError as error:
            st.session_state[SAID] = str(error)

    allowed = everybody or _mine(run)
    st.button(
        label,
        icon=f":material/{icon}:",
        key=f"{label}_{run.id}",
        on_click=act,
        type="primary" if primary else "secondary",
        disabled=not allowed,
        help=help if allowed else "This run was started by somebody else; only its starter may steer it.",
    )


def _mine(run: Run) -> bool:
    return caches.jobs().may_control(run, visitor())

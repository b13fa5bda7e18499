"""The right side of Train: one run, live while it trains."""

import socket

import streamlit as st

from core.runs import pace
from core.runs.control import ControlRequests
from core.runs.curves import Curves
from core.runs.store import PAUSED, RUNNING, STARTING, WAITING, Run
from pages.parts.train import (
    buttons,
    charts,
    coach_card,
    form_change,
    form_match,
    network_panel,
    prediction_result,
    preview,
    run_choice,
    run_status,
    seeds_panel,
    watched_run,
)
from pages.shared import caches, controls, crowd, lead_to, lessons
from pages.shared.fragments import guarded_fragment

KEY = "watch"
# Seconds between two refreshes of a run that waits behind another, starts, trains, or trains for long.
WAITING_SECONDS, STARTING_SECONDS, REFRESH_SECONDS, LONG_REFRESH_SECONDS = 1.0, 0.3, 0.5, 1.0
AWAY_REFRESH_SECONDS = 0.25  # of a run that trains on another machine: its points already took a moment to come
LONG_SECONDS = 30  # of training: a run that takes longer is refreshed less often
_FIRST = "Press Start. The network begins to learn, and its curves appear here. Then a tour shows how it learned."


@st.cache_resource(max_entries=50, show_spinner=False)
def curves(folder: str, run_id: str) -> Curves:
    """The curves of a run, read once for all visitors."""
    return Curves(caches.store().get(run_id))


def panel() -> None:
    """Draws the run that is watched, or says how to start one."""
    run = run_choice.choose()
    form_change.note()
    run_choice.damaged()
    buttons.undo_removal()
    if run is None:
        if lessons.EDIT not in st.query_params:  # who edits an assignment has no Start
            st.info(_FIRST, icon=":material/play_arrow:")
        network_panel.before_start()
        return
    form_match.show_beside_run(run)
    every, changed, times_set = _refresh_every(run), False, controls.times_set()
    seconds = crowd.stretched(every)
    st.html(
        _STYLE + run_status.STYLE + prediction_result.STYLE + preview.style(run)
    )  # outside the fragment: the browser reads it once

    @guarded_fragment(run_every=seconds)
    def live() -> None:
        nonlocal changed
        resumed = every is None and run.active  # by a button: this fragment has no timer that would follow it
        if changed or resumed or watched_run.has_new() or times_set != controls.times_set() or not run.folder.is_dir():
            st.rerun()  # the whole page, with the timer that it now needs
        _view(run)
        changed = _refresh_every(run) != every  # one refresh later: the first point is shown at once

    live()
    lead_to.reveal(KEY, watched_run.last_started())


def _refresh_every(run: Run) -> float | None:
    """Seconds between two refreshes. Pages use processor time that training on the same machine then lacks.

    It is the same from the first point to the last: a change draws the page and its charts again.
    """
    if not run.active:
        return LONG_REFRESH_SECONDS if seeds_panel.is_training(run) else None
    if run.started is None or not run.step:
        return WAITING_SECONDS if _is_behind_another(run) else STARTING_SECONDS
    if _trains_away(run):
        return AWAY_REFRESH_SECONDS
    return REFRESH_SECONDS if (run.forecast_seconds or 0.0) < LONG_SECONDS else LONG_REFRESH_SECONDS


def _trains_away(run: Run) -> bool:
    """Whether another machine trains it: then a refresh takes nothing from the training."""
    node = (run.holder or {}).get("node")
    return node is not None and node != socket.gethostname()


def _is_behind_another(run: Run) -> bool:
    return run.state == WAITING and bool(caches.jobs().running())


def _view(run: Run) -> None:
    """The run from top to bottom. Whatever comes and goes is below the charts: they must not move under the mouse."""
    seen = curves(str(run.folder), run.id).refresh()
    state = run.state
    if state in (STARTING, RUNNING, PAUSED):
        ControlRequests(run).note_look()  # its worker then measures the network more often
    run_status.headline(run, seen, state)
    if run.note:
        st.text(run.note)  # a visitor wrote it: as Markdown it could load pictures from elsewhere
    prediction_result.show(run, state)
    buttons.button_row(run, state)
    seeds_panel.show(run)
    # Each has a place of its own: Streamlit hides what moves to another one until the page is complete, and it jumps.
    parts = ("figures", "network", "advice", "digits")
    figures, network, advice, digits = (st.container(key=f"run_{part}") for part in parts)
    has_points = bool(seen.started and pace.steps_done(seen))
    if has_points:
        with figures:
            run_status.facts(run, seen, state)
            charts.charts(run, seen)
    with network:
        network_panel.show(run)
    if not has_points:
        return
    with advice:
        coach_card.panel(run, seen)
    with digits:
        preview.show(run)


_STYLE = """<style>
.st-key-watch {scroll-margin-top: 4rem}
.st-key-watch, .st-key-watch .stVerticalBlock {gap: .4rem}
.st-key-watch [data-testid=stAlertContainer] {padding: .6rem .8rem}
.st-key-watch .st-key-run_buttons {gap: .35rem}
.st-key-run_buttons button {padding-inline: .6rem}
.st-key-run_chart_options {margin-top: -2.1rem; z-index: 1; width: fit-content}
@media (min-width: 641px) {
  .st-key-form_match {flex-wrap: nowrap}
  .st-key-form_match > :first-child {flex: 1 1 0; min-width: 0}
}
@media (max-width: 640px) {
  .st-key-watch {min-height: 90vh}
  .st-key-run_charts > * {flex: 1 1 100% !important; min-width: 100%}
}
</style>"""

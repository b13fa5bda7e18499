"""The right side of Train: one run as it trains, found again after a reload, with its charts and its buttons."""

import streamlit as st

from core.curves import Curves
from core.errors import RunError
from core.runs import PAUSED, RUNNING, STARTING, WAITING, Run
from pages.shared import caches, train_charts
from pages.shared.visitor import visitor

REFRESH_SECONDS = 0.5


@st.cache_resource(max_entries=50, show_spinner=False)
def curves(run_id: str) -> Curves:
    """The curves of a run, read once for all visitors."""
    return Curves(caches.store().get(run_id))


def panel() -> None:
    """Draws the run that is watched, or says how to begin."""
    run = _watched()
    if run is None:
        st.info("Press Start: the network begins to learn, and its curves appear here.", icon=":material/play_arrow:")
        return
    alive = run.active

    @st.fragment(run_every=REFRESH_SECONDS if alive else None)
    def live() -> None:
        if alive and not run.active:
            st.rerun()  # it has ended: draw everything once more, without the timer
        _view(run)

    live()


def _watched() -> Run | None:
    """The run in the link, or the one last watched, or the one that trains, or the newest."""
    store = caches.store()
    for run_id in (st.query_params.get("run"), st.session_state.get("watched")):
        if run_id:
            try:
                run = store.get(run_id)
            except RunError as error:
                st.warning(str(error), icon=":material/folder_off:")
                st.session_state.pop("watched", None)
                st.query_params.pop("run", None)
                continue
            return _remember(run)
    active = store.active()
    runs = active or [run for run in store.runs() if not run.shipped]
    return _remember(runs[0]) if runs else None


def _remember(run: Run) -> Run:
    st.session_state["watched"] = run.id
    if st.query_params.get("run") != run.id:
        st.query_params["run"] = run.id
    return run


def _view(run: Run) -> None:
    seen = curves(run.id).refresh()
    _headline(run, seen)
    _buttons(run)
    train_charts.charts(run, seen)


def _headline(run: Run, seen: Curves) -> None:
    state = run.state
    st.subheader(f"{run.title}", anchor=False)
    if state == WAITING:
        place = [waiting.id for waiting in caches.jobs().queue()].index(run.id) + 1
        st.info(f"Waiting for the device: number {place} in the queue.", icon=":material/hourglass_empty:")
        return
    if state == STARTING:
        st.info("Getting ready: reading the digits and building the network.", icon=":material/hourglass_top:")
    started, ended = seen.started, seen.ended
    if started is None:
        if ended:
            st.error(ended.reason)
        return
    total = started.epochs * started.batches
    at = max((event.step for event in (*seen.batches[-1:], *seen.epochs[-1:])), default=0)
    share = min(at / total, 1.0)
    if state in (RUNNING, PAUSED):
        epoch = min(at // started.batches + 1, started.epochs)
        st.progress(share, f"{'Paused in' if state == PAUSED else 'Epoch'} {epoch} of {started.epochs} · {share:.0%}")
    elif ended:
        words = f"{ended.outcome.capitalize()} after {ended.epochs} epochs and {ended.fit_seconds:.1f} s of training."
        (st.error if state == "failed" else st.success)(f"{words} {ended.reason}")
    elif state == "interrupted":
        st.warning(f"Interrupted after {len(seen.epochs)} whole epochs. Resume goes on from there.")
    _figures(run, seen, share)


def _figures(run: Run, seen: Curves, share: float) -> None:
    speed, seconds = 0.0, 0.0
    if seen.batches:
        recent = seen.batches[-20:]
        speed = sum(event.images_per_second for event in recent) / len(recent)
        seconds = seen.batches[-1].seconds
    left = seconds / share - seconds if share else 0.0
    with st.container(horizontal=True, gap="large"):
        st.metric("Images per second", f"{speed:,.0f}")
        st.metric("Time left" if run.active else "Time", f"{left:.0f} s" if run.active else f"{seconds:.1f} s")
        if seen.started:
            st.metric("Device", seen.started.device)


def _buttons(run: Run) -> None:
    jobs, by = caches.jobs(), visitor()
    state = run.state
    with st.container(horizontal=True):
        if state in (RUNNING, PAUSED, STARTING, WAITING):
            st.button("Stop", icon=":material/stop:", on_click=jobs.stop, args=(run.id,), kwargs={"by": by})

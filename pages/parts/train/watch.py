"""The right side of Train: one run as it trains, found again after a reload, with all that is known of it."""

import html

import streamlit as st

from core.devices import usage
from core.errors import RunError
from core.evaluation import evaluations
from core.jobs.scheduler import MAX_PAUSE_SECONDS
from core.network import forecast
from core.runs.curves import Curves
from core.runs.events import FAILED, FINISHED, RunEnded
from core.runs.store import INTERRUPTED, PAUSED, RUNNING, WAITING, Run
from pages.parts.train import buttons, charts, coach_card, network_panel, preview, watched_run
from pages.parts.train.scroll_into_view import reveal
from pages.shared import caches, controls
from pages.shared.local_time import run_title
from pages.shared.missing_runs import say_missing
from pages.shared.stable_selectbox import picked, picker
from pages.shared.visitor import marks, may_control, own, own_first

KEY, _REFUSED = "watch", "watch_refused"
# Between two looks at a run: in line behind another, about to begin, training, and training for long.
WAITING_SECONDS, BEGINNING_SECONDS, REFRESH_SECONDS, LONG_REFRESH_SECONDS = 1.0, 0.3, 0.5, 1.0
LONG_SECONDS = 30  # of training: what takes longer is looked at less often
_SIGNS = {FINISHED: "✓", FAILED: "✗", INTERRUPTED: "!"}


@st.cache_resource(max_entries=50, show_spinner=False)
def curves(folder: str, run_id: str) -> Curves:
    """The curves of a run, read once for all visitors."""
    return Curves(caches.store().get(run_id))


def panel() -> None:
    """Draws the run that is watched, or says how to begin."""
    run = _chosen()
    _damaged()
    buttons.undo_withdrawal()
    if run is None:
        st.info("Press Start: the network begins to learn, and its curves appear here.", icon=":material/play_arrow:")
        network_panel.before_start()
        return
    every, changed, knobs = _refresh_every(run), False, controls.times_set()
    st.html(_STYLE + preview.style(run))  # apart from what changes: the browser reads it once

    @st.fragment(run_every=every)
    def live() -> None:
        nonlocal changed
        goes_on = every is None and run.active  # a button was pressed, and no timer comes round to what follows
        if changed or goes_on or watched_run.begins() or knobs != controls.times_set() or not run.folder.is_dir():
            st.rerun()  # all of the page, with the timer that it now needs
        _view(run)
        changed = _refresh_every(run) != every  # one look later: its first point is not kept waiting

    live()
    reveal(KEY, watched_run.begun_last())


def _refresh_every(run: Run) -> float | None:
    """Seconds between two looks at a run. What pages take of the processor, training on the same machine has not.

    It stays the same from the first point to the last, for a change draws the page and its charts anew.
    """
    if not run.active:
        return None
    if run.started is None or not run.step:
        return WAITING_SECONDS if _in_line(run) else BEGINNING_SECONDS
    return REFRESH_SECONDS if (run.forecast_seconds or 0.0) < LONG_SECONDS else LONG_REFRESH_SECONDS


def _in_line(run: Run) -> bool:
    """Whether it waits for another run to end, and not just for its worker."""
    return run.state == WAITING and bool(caches.jobs().running())


def _chosen() -> Run | None:
    """The run in the link, or the one last watched, or the visitor's own latest, or what trains; any can be picked."""
    runs = own_first(run for run in caches.store().runs() if not run.shipped)
    by_id = {run.id: run for run in runs}
    wanted = _wanted(by_id)
    if not wanted:
        return None
    watched_run.settle(wanted)
    if len(by_id) > 1:
        mark = marks(runs)
        labels = {run.id: _line(run) + mark[run.id] for run in runs}
        picker("Run", labels, key=_box(wanted), first=wanted, on_change=_follow, args=(wanted,))
    return by_id[wanted]


def _wanted(by_id: dict[str, Run]) -> str | None:
    for run_id in watched_run.wanted():
        if run_id in by_id:
            return run_id
        _missing(run_id)
    active = own_first(caches.store().active())
    first = next(iter(by_id), None)  # the newest of one's own, if there is one
    if active and (own(active[0]) or not (first and own(by_id[first]))):
        return active[0].id
    return first


def _missing(run_id: str) -> None:
    """Says why a run of the link cannot be shown; the next drawing no longer asks for it."""
    try:
        caches.store().get(run_id)
    except RunError:
        say_missing(run_id)
    watched_run.forget()


def _box(run_id: str) -> str:
    """A new box for a new run: what the browser still sends of the old one, while a chart refreshes, is past."""
    return f"watch_{run_id}"


def _follow(watched_then: str) -> None:
    if watched_run.last() == watched_then and (run_id := picked(_box(watched_then))):
        watched_run.watch(run_id)


def _line(run: Run) -> str:
    """A run in the list. How far one is that is not over stands below: the list is not drawn anew while it trains."""
    state, ended = run.state, run.ended
    if run.active:
        return f"● {run_title(run)} · not over"
    accuracy = ended and (ended.validation_accuracy if ended.validation_accuracy is not None else ended.test_accuracy)
    return f"{_SIGNS.get(state, '·')} {run_title(run)} · {f'{accuracy:.2%}' if accuracy else state}"


def _damaged() -> None:
    """Folders that hold no readable run: named, and put away with one click."""
    for run_id in caches.store().damaged():
        with st.container(horizontal=True, vertical_alignment="center"):
            st.warning(f"The folder of run {run_id} is damaged and cannot be shown.", icon=":material/broken_image:")
            st.button("Move to the trash", key=f"away_{run_id}", on_click=_put_away, args=(run_id,))
    if said := st.session_state.pop(_REFUSED, ""):
        st.warning(said, icon=":material/info:")


def _put_away(run_id: str) -> None:
    """Every visitor sees the button: another may have been quicker, and a worker may still train in the folder."""
    try:
        caches.store().delete(run_id)
    except RunError as error:
        st.session_state[_REFUSED] = str(error) if run_id in caches.store().damaged() else ""


def _view(run: Run) -> None:
    seen = curves(str(run.folder), run.id).refresh()
    state = run.state
    _headline(run, seen, state)
    if run.note:
        st.text(run.note)  # a visitor wrote it: it is no Markdown, which could fetch pictures from elsewhere
    buttons.row(run, state)
    if seen.started and _step(seen):
        _facts(run, seen, state)
        charts.charts(run, seen)
    network_panel.show(run)
    if seen.started and _step(seen):
        coach_card.panel(run, seen)  # what comes and goes stands below the curves: they must not move under the mouse
        preview.show(run)


def _headline(run: Run, seen: Curves, state: str) -> None:
    """What the run does at this moment, in one line or bar."""
    started, ended = seen.started, seen.ended
    match state:
        case "waiting":
            st.info(_place(run), icon=":material/hourglass_empty:")
        case "starting":
            st.progress(0.0, "Getting ready: reading the digits and building the network.")
        case "running" | "paused" if started:
            share = _share(seen)
            st.progress(share, f"**{_whereabouts(seen, paused=state == PAUSED)}** · {share:.0%}")
            if state == PAUSED and may_control(run) and caches.jobs().is_blocking_others(run):
                st.warning(_AWAITED, icon=":material/hourglass_empty:")
        case "interrupted":
            whole = len(seen.epochs)
            kept = f"after epoch {whole}, whose weights are kept. Resume goes on from there"
            lost = "before its first epoch was complete. Resume begins it anew"
            st.warning(f"Interrupted {kept if whole else lost}.", icon=":material/bolt:")
        case _ if ended:
            epochs = f"{ended.epochs} epoch{'' if ended.epochs == 1 else 's'}"
            words = f"{state.capitalize()} after {epochs} and {ended.fit_seconds:.1f} s of training."
            best = f" The weights of epoch {ended.best_epoch} were the best and are kept." if ended.best_epoch else ""
            show = {FAILED: st.error, FINISHED: st.success}.get(state, st.info)
            show(f"{words}{best} {ended.reason} {_forecast_error(run)}".strip())


def _whereabouts(seen: Curves, *, paused: bool) -> str:
    """The epoch it is in; a run that was asked for one epoch holds after it, and not in the next."""
    assert seen.started is not None
    epochs, (done, within) = seen.started.epochs, divmod(_step(seen), seen.started.batches)
    if paused and done and not within:
        return f"Paused after epoch {done} of {epochs}"
    return f"{'Paused in epoch' if paused else 'Epoch'} {min(done + 1, epochs)} of {epochs}"


def _place(run: Run) -> str:
    queue = [waiting.id for waiting in caches.jobs().queue()]
    ahead = queue.index(run.id) if run.id in queue else 0
    busy = next(iter(caches.jobs().running()), None)
    if busy and busy.state == PAUSED:
        own = busy.starter == run.starter
        room = "Go on with it, or stop it." if own else f"It goes on, or makes room within {MAX_PAUSE_SECONDS:.0f} s."
        now = f" {run_title(busy)} is paused and holds it. {room}"
    else:
        now = f" Now training: {run_title(busy)}." if busy else ""
    return f"Waiting for the device: {'next in turn' if ahead == 0 else f'{ahead} before it'}.{now}"


def _forecast_error(run: Run) -> str:
    error = forecast.error(run)
    if error is None:
        return ""
    took = f"{1 + error:.1f} times that" if error > 1 else f"{abs(error):.0%} {'more' if error > 0 else 'less'}"
    return f"Forecast {run.forecast_seconds:.1f} s; it took {took}."


def _facts(run: Run, seen: Curves, state: str) -> None:
    """Speed, time, device and results as a line of small figures."""
    assert seen.started is not None
    facts = []
    if state in (RUNNING, PAUSED):
        recent = seen.batches[-20:]
        if recent:
            facts.append(("Images per second", f"{sum(each.images_per_second for each in recent) / len(recent):,.0f}"))
        facts.append(("Time left", _in_words(_seconds_left(seen))))
        facts += _meter(seen.started.device)
    elif ended := seen.ended:
        facts.append(("Images per second", f"{ended.images_per_second:,.0f}"))
        for label, value in (("Training", ended.train_accuracy), ("Validation", ended.validation_accuracy)):
            facts += [(label, f"{value:.2%}")] if value is not None else []
        facts += [("Test", test)] if (test := _test(run, ended)) else []
        facts.append(("Device", seen.started.device))
    cells = "".join(f"<div><span>{html.escape(name)}</span><b>{html.escape(value)}</b></div>" for name, value in facts)
    st.html(f'<div class="facts">{cells}</div>')


def _test(run: Run, ended: RunEnded) -> str:
    """The figure of the run itself or of a visitor who opened the test set; empty where nobody has asked yet."""
    if ended.test_accuracy is not None:
        return f"{ended.test_accuracy:.2%}"
    if evaluations.sealed(run):
        return "sealed"
    kept = evaluations.kept_evaluation(run)
    return f"{kept.accuracy:.2%}" if kept else ""


@st.cache_data(ttl=1.0, show_spinner=False)
def _meter(device: str) -> list[tuple[str, str]]:
    """The device that computes, and how busy it is now."""
    now = usage(processor=device.startswith("CPU"))  # a run may compute there though there is a GPU
    gib = 2**30
    memory = f"{now.memory_used / gib:.1f} of {now.memory_total / gib:.0f} GiB"
    busy = [("Busy", f"{now.utilization:.0%}")] if now.utilization is not None else []
    return [("Device", device), *busy, ("Memory", memory)]


def _step(seen: Curves) -> int:
    return max((event.step for event in (*seen.batches[-1:], *seen.epochs[-1:])), default=0)


def _share(seen: Curves) -> float:
    assert seen.started is not None
    return min(_step(seen) / max(seen.started.epochs * seen.started.batches, 1), 1.0)


def _seconds_left(seen: Curves) -> float:
    """From the pace of the last quarter of what was trained, so that a slow first call counts little."""
    share, points = _share(seen), seen.batches
    if not points or not share:
        return 0.0
    since = points[-max(2, len(points) // 4) :][0]
    pace = (points[-1].seconds - since.seconds) / max(points[-1].step - since.step, 1)
    assert seen.started is not None
    return pace * (seen.started.epochs * seen.started.batches - points[-1].step)


def _in_words(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"


_AWAITED = (
    f"Somebody waits for the device. Go on, or step, within {MAX_PAUSE_SECONDS:.0f} s; else this run is stopped, with its "
    "weights kept."
)
_STYLE = """<style>
.st-key-watch {scroll-margin-top: 4rem}
.st-key-watch, .st-key-watch .stVerticalBlock {gap: .4rem}
@media (max-width: 640px) {.st-key-watch {min-height: 90vh}}
.facts {display: flex; flex-wrap: wrap; gap: .3rem 1.6rem}
.facts div {display: flex; flex-direction: column}
.facts span {font-size: .78rem; opacity: .7}
.facts b {font-weight: 600; font-variant-numeric: tabular-nums}
</style>"""

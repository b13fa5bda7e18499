"""What a run does at this moment: its progress or outcome in a sentence, and its figures."""

import html

import streamlit as st

from core.evaluation import seal
from core.evaluation.evaluation_cache import cached_evaluation, is_of
from core.formatting import count, duration, estimate, percent, plain
from core.jobs.scheduler import MAX_PAUSE_SECONDS
from core.network import forecast
from core.runs import pace
from core.runs.curves import Curves
from core.runs.data_match import DataInUse
from core.runs.events import FAILED, FINISHED, RunEnded
from core.runs.store import PAUSED, RUNNING, Run
from pages.parts.train.queue_place import waits_for
from pages.shared import caches
from pages.shared.visitor import may_control

STYLE = """<style>
.facts {display: flex; flex-wrap: wrap; gap: .3rem 1.6rem}
.facts div {display: flex; flex-direction: column}
.facts span {font-size: .78rem; opacity: .8}
.facts b {font-weight: 600; font-variant-numeric: tabular-nums}
</style>"""
_INTERRUPTED = (
    "its process was killed, or the computer was switched off. If it happens again, memory may be short: close other "
    "programs, or choose a smaller network or batch size."
)
_AWAITED = (
    f"Somebody waits for the device. Continue within {MAX_PAUSE_SECONDS:.0f} s, or this run is stopped. "
    "Its weights are kept."
)


def headline(run: Run, seen: Curves, state: str) -> None:
    """The state of the run as one line or progress bar."""
    started, ended = seen.started, seen.ended
    match state:
        case "waiting":
            st.info(waits_for(run), icon=":material/hourglass_empty:")
        case "starting":
            st.progress(0.0, "Starting: reading the images and building the network.")
        case "running" | "paused" if started:
            share = pace.share_done(seen)
            where = pace.current_epoch(seen, paused=state == PAUSED)
            st.progress(share, f"**{where}** · {percent(share, 0)}")
            if state == PAUSED and may_control(run) and caches.jobs().is_blocking_others(run):
                st.warning(_AWAITED, icon=":material/hourglass_empty:")
        case "interrupted":
            done = f"after {count(len(seen.epochs), 'epoch')}" if seen.epochs else "before its first epoch was complete"
            resume = f"Resume {run.continues[0].lower()}{run.continues[1:]}"
            st.warning(f"Interrupted {done}: {_INTERRUPTED} {resume}", icon=":material/bolt:")
        case "finished" if ended and not ended.epochs:
            pass  # a network from a file was not trained here: the note of the run says where it comes from
        case _ if ended:
            outcome = f"{state.capitalize()} after {count(ended.epochs, 'epoch')} and {duration(ended.fit_seconds)}"
            best = f"The weights of epoch {ended.best_epoch} were the best and are kept." if ended.best_epoch else ""
            show = {FAILED: st.error, FINISHED: st.success}.get(state, st.info)
            sentences = (
                f"{outcome} of training{_together(seen)}.",
                best,
                plain(ended.reason),
                _forecast_error(run, ended),
            )
            show(" ".join(filter(None, sentences)))


def _together(seen: Curves) -> str:
    others = seen.started.together - 1 if seen.started else 0
    return f", in one call with {count(others, 'other seed')}" if others > 0 else ""


def _forecast_error(run: Run, ended: RunEnded) -> str:
    if forecast.relative_error(run) is None:
        return ""
    return f"Expected {estimate(run.forecast_seconds)}, took {duration(ended.fit_seconds)}."


def facts(run: Run, seen: Curves, state: str) -> None:
    """Speed, time, device and results as a line of small figures."""
    assert seen.started is not None
    figures: list[tuple[str, str]] = []
    if state in (RUNNING, PAUSED):
        if (speed := pace.images_per_second(seen)) is not None:
            figures.append(("Images per second", count(speed)))
        left = pace.seconds_left(seen)
        figures.append(("Time left", "–" if left is None else duration(left)))
        figures += _meter(run.id, seen.started.device)
    elif ended := seen.ended:
        figures.append(("Images per second", count(ended.images_per_second)))
        for label, value in (("Training", ended.train_accuracy), ("Validation", ended.validation_accuracy)):
            figures += [(label, percent(value))] if value is not None else []
        figures += _test(run, ended)
        figures.append(("Device", seen.started.device))
    cells = "".join(f"<div><span>{html.escape(name)}</span><b>{html.escape(text)}</b></div>" for name, text in figures)
    st.html(f'<div class="facts">{cells}</div>')


def _test(run: Run, ended: RunEnded) -> list[tuple[str, str]]:
    """Test accuracy, from the run or from a visitor who opened the test set; empty if nobody has measured it yet.

    Where another data set is in use now, the name of the figure says so.
    """
    data = caches.data()
    if ended.test_accuracy is not None:
        here = DataInUse.of(data)
        return [(_test_name(here.test_images_of(run), here.has_trained(run)), percent(ended.test_accuracy))]
    if seal.sealed(run):
        return [("Test", "sealed")]
    kept = cached_evaluation(run)
    return [(_test_name(kept.images, is_of(run, data.test)), percent(kept.accuracy))] if kept else []


def _test_name(images: int | None, is_of_data_in_use: bool) -> str:
    number = count(images, "image") if images else "images"
    return "Test" if is_of_data_in_use else f"Test, on {number} of another data set"


@st.cache_data(ttl=1.0, show_spinner=False)
def _meter(run_id: str, device: str) -> list[tuple[str, str]]:
    """The device that trains, and how busy it is now."""
    now = caches.jobs().place.usage(caches.store().get(run_id))
    if now is None:
        return [("Device", device)]
    gib = 2**30
    memory = f"{now.memory_used / gib:.1f} of {now.memory_total / gib:.0f} GiB"
    busy = [("Busy", percent(now.utilization, 0))] if now.utilization is not None else []
    return [("Device", device), *busy, ("Memory", memory)]

"""The other seeds of the run that is shown: how far they are, mean and spread, and a button that stops them all."""

import html

import streamlit as st

from core.errors import RunError
from core.evaluation.significance import mean_interval, seed_statistics
from core.formatting import count, percent, plain
from core.jobs import repeat
from core.jobs.cluster.records import runs_at_a_time
from core.jobs.sweep import Sweep, SweepStore
from core.runs.data_match import with_newest_data
from core.runs.events import FINISHED
from core.runs.store import ACTIVE, RUNNING, STARTING, WAITING, Run
from pages.parts.train import watched_run
from pages.shared import caches, sweep_cancel
from pages.shared.visitor import may_control

STYLE = """<style>
.seeds {display: flex; flex-wrap: wrap; gap: .2rem .9rem; font-size: .85rem; font-variant-numeric: tabular-nums}
.seeds b {font-weight: 600}
.seeds .here {text-decoration: underline; text-underline-offset: .2em}
</style>"""
_PROBLEM, _TO_COMPARE = "seeds_problem", "seeds_to_compare"  # session


def group_of(run: Run) -> Sweep | None:
    """The sweep of a run if only the seed differs in it."""
    if not run.sweep:
        return None
    try:
        sweep = SweepStore(caches.store()).get(run.sweep)
    except RunError:
        return None
    return sweep if repeat.is_repeat(sweep) else None


def is_training(run: Run) -> bool:
    """Whether a run of the same group trains or waits."""
    return group_of(run) is not None and any(other.sweep == run.sweep for other in caches.store().active())


def show(run: Run) -> None:
    """Draws a line for the seeds and one for mean and spread; nothing for a run that was not repeated."""
    sweep = group_of(run)
    if sweep is None:
        return
    if st.session_state.pop(_TO_COMPARE, False):  # not at the click: the page may just then be drawn again
        st.switch_page("pages/compare.py")
    if problem := st.session_state.pop(_PROBLEM, ""):
        st.warning(plain(problem), icon=":material/info:")
    runs = sweep.runs(caches.store().runs())
    states = {each.id: caches.store().state(each) for each in runs}
    with st.container(key="seeds", gap="small"):
        marks = [_mark(each, states[each.id], is_here=each.id == run.id) for each in sorted(runs, key=_seed)]
        if (missing := sweep.trials - len(runs)) > 0:
            marks.append(f"<span role='listitem'>{count(missing, 'seed')} <b>removed or not started</b></span>")
        st.html(f'{STYLE}<div class="seeds" role="list" aria-label="All seeds">{"".join(marks)}</div>')
        _spread(runs, states)
        _buttons(run, sweep, runs, states)


def _seed(run: Run) -> int:
    return run.config.seed


def _mark(run: Run, state: str, *, is_here: bool) -> str:
    accuracy = _accuracy(run) if state == FINISHED else None
    text = percent(accuracy) if accuracy is not None else "training" if state in (RUNNING, STARTING) else state
    here = ' class="here"' if is_here else ""
    return f"<span role='listitem'{here}>seed {run.config.seed} <b>{html.escape(text)}</b></span>"


def _accuracy(run: Run) -> float | None:
    """On the validation images, or on the test images where there are none."""
    ended = run.ended
    if ended is None:
        return None
    return ended.validation_accuracy if ended.validation_accuracy is not None else ended.test_accuracy


def _spread(runs: list[Run], states: dict[str, str]) -> None:
    finished = [run for run in runs if states[run.id] == FINISHED and not run.rates]
    complete = with_newest_data(finished)
    if others := len(finished) - len(complete):
        st.caption(f"Not counted: {count(others, 'seed')} of another data set.")
    accuracies = [accuracy for run in complete if (accuracy := _accuracy(run)) is not None]
    images = "validation" if runs[0].config.holds_out else "test"
    if len(accuracies) < repeat.MIN_SEEDS:
        if any(state in ACTIVE for state in states.values()):
            st.caption("Mean and spread appear here when two seeds have finished.")
        else:
            st.caption("Mean and spread need two finished seeds of one data set.")
        return
    low, high = map(percent, mean_interval(accuracies) or (0.0, 0.0))
    st.markdown(
        f"**{seed_statistics(accuracies)}** on the {images} images. The mean is between {low} and {high} "
        "(95% interval); the spread is luck."
    )


def _buttons(run: Run, sweep: Sweep, runs: list[Run], states: dict[str, str]) -> None:
    active = [each for each in runs if states[each.id] in ACTIVE]
    training = next((each for each in active if states[each.id] != WAITING), None)
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        if active:
            own = may_control(sweep)
            st.button(
                "Stop all seeds",
                icon=":material/stop:",
                key=f"stop_seeds_{sweep.id}",
                on_click=_stop_all,
                args=(sweep.id,),
                disabled=not own,
                help="Stops the seeds that train and removes the others from the queue. Finished runs stay."
                if own
                else "Somebody else started these runs. Only they and the teacher can stop them.",
            )
        if training and training.id != run.id:
            st.button(
                f"Watch seed {training.config.seed}",
                icon=":material/visibility:",
                key=f"watch_seed_{training.id}",
                on_click=watched_run.watch_new,
                args=(lambda: training,),
            )
        st.button(
            "Show all in Compare",
            icon=":material/compare_arrows:",
            key=f"compare_seeds_{sweep.id}",
            on_click=_choose_in_compare,
            args=(sweep.id,),
        )
    if any(each.started and each.started.together > 1 for each in active):
        st.caption(
            "These seeds train together, in one call of the GPU. Stop, Pause, One epoch and Learning rate act on all "
            "of them."
        )
    elif active and runs_at_a_time(caches.store().home, run.config.device) == 1:
        st.caption(
            "The seeds train one after another. Stop and Learning rate act on one seed. Pause holds the others, too: "
            "they wait for the device."
        )
    elif active:
        st.caption("The seeds train on all free devices. Stop, Pause and Learning rate act on the seed that is shown.")


def _choose_in_compare(sweep_id: str) -> None:
    st.session_state.update({"compare_sweep": sweep_id, "compare_view": "sweep", _TO_COMPARE: True})


def _stop_all(sweep_id: str) -> None:
    st.session_state[_PROBLEM] = sweep_cancel.cancel(sweep_id)

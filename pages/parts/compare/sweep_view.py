"""Compare's sweeps: the form, the progress of the chosen sweep, and its result."""

import streamlit as st

from core.evaluation.comparison import RunRow
from core.formatting import count, plain
from core.jobs import search
from core.jobs.sweep import SEARCH, Sweep, SweepStore
from core.runs.events import FAILED, FINISHED, INTERRUPTED, STOPPED
from core.runs.store import ACTIVE, WAITING
from pages.parts.compare import run_rows, sweep_answer, sweep_form
from pages.parts.compare.sweep_form import WATCHED
from pages.shared import caches, crowd, sweep_cancel
from pages.shared.fragments import guarded_fragment
from pages.shared.stable_selectbox import picker
from pages.shared.visitor import may_control

REFRESH_SECONDS = 2.0


def show() -> None:
    """Draws the form and the chosen sweep; while that trains, again every two seconds."""
    form, panel = st.columns([2, 3], gap="large")
    with form:
        sweep_form.show(run_rows.rows())
    with panel:
        sweeps = {sweep.id: sweep for sweep in SweepStore(caches.store()).all()}
        if not sweeps:
            _explain()
            return
        _panel(picker("Sweep", {name: sweep.title for name, sweep in sweeps.items()}, key=WATCHED))


def _explain() -> None:
    st.info(
        "A sweep trains many runs with different values of some knobs and shows which values are better. Enter the "
        "values in the form: a list such as 64, 128, 256 or a range such as 1-5.",
        icon=":material/tune:",
    )


def _panel(sweep_id: str) -> None:
    active = _is_active(SweepStore(caches.store()).get(sweep_id))

    @guarded_fragment(run_every=crowd.stretched(REFRESH_SECONDS) if active else None)
    def view() -> None:
        sweep = SweepStore(caches.store()).get(sweep_id)
        if _is_active(sweep) != active:
            st.rerun()
        _view(sweep, run_rows.rows_of_sweep(sweep_id), active=active)

    view()


def _is_active(sweep: Sweep) -> bool:
    return search.is_unfinished(sweep) or any(run.sweep == sweep.id for run in caches.store().active())


def _view(sweep: Sweep, rows: list[RunRow], *, active: bool) -> None:
    if refused := st.session_state.pop(run_rows.REFUSED, None):
        st.warning(plain(refused), icon=":material/info:")
    _progress(sweep, rows, active=active)
    if any(row.score is not None and row.state == FINISHED for row in rows):
        sweep_answer.show(sweep, rows, active=active)
    elif active:
        st.caption("The result appears here when the first run has finished.")
    else:
        st.caption("There is no result, because no run has finished.")


def _progress(sweep: Sweep, rows: list[RunRow], *, active: bool) -> None:
    ended = sum(row.state not in ACTIVE for row in rows)
    st.progress(min(ended / max(sweep.trials, 1), 1.0), _counts(sweep, rows))
    if active and not sweep.stopped:
        own = may_control(sweep)
        kind = "search" if sweep.kind == SEARCH else "sweep"
        help = "Removes waiting runs from the queue and stops runs that train. Finished runs stay."
        if not own:
            help = f"Somebody else started this {kind}. Only they and the teacher can cancel it."
        st.button(f"Cancel {kind}", icon=":material/stop:", on_click=_cancel, args=(sweep.id,), key="sweep_stop",
                  help=help, disabled=not own)  # fmt: skip


def _counts(sweep: Sweep, rows: list[RunRow]) -> str:
    """How many runs are in each state. A stopped run is not a finished one: it has a number of its own."""
    states, pruned = [row.state for row in rows], sweep.findings.get("pruned", ())
    early = sum(row.state == STOPPED and row.run.id in pruned for row in rows)  # by the search itself
    missing = sweep.trials - len(states)
    numbers = {
        "training": sum(state in ACTIVE and state != WAITING for state in states),
        WAITING: states.count(WAITING),
        "stopped early": early,
        STOPPED: states.count(STOPPED) - early,
        FAILED: states.count(FAILED),
        INTERRUPTED: states.count(INTERRUPTED),
        "not started yet" if search.is_unfinished(sweep) and not sweep.stopped else "removed or not started": missing,
    }
    parts = [f"**{states.count(FINISHED)} of {count(sweep.trials, 'run')}** finished"]
    parts += [f"{number} {what}" for what, number in numbers.items() if number > 0]
    return " · ".join(parts + ["cancelled"] * sweep.stopped)


def _cancel(sweep_id: str) -> None:
    st.session_state[run_rows.REFUSED] = sweep_cancel.cancel(sweep_id)

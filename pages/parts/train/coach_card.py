"""The coach's advice on the run, with its remedy one click away."""

import streamlit as st

from core.config.run_config import KNOBS
from core.evaluation.advice import BAD, GOOD, Advice
from core.evaluation.coach import advise
from core.evaluation.diagnostics import RunDiagnostics
from core.runs.curves import Curves
from core.runs.store import Run
from pages.parts.train import assignment
from pages.parts.train.checkup import checkup
from pages.parts.train.film import newest_moment
from pages.shared import controls

_SHOW = {BAD: st.error, GOOD: st.success}
_ICONS = {BAD: ":material/emergency_home:", GOOD: ":material/thumb_up:"}


def panel(run: Run, seen: Curves) -> None:
    """The most useful advice as a sentence, with a button that sets the knobs for the next run."""
    if advice := advise(_diagnostics(run, seen)):
        _one(run, advice)


def _diagnostics(run: Run, seen: Curves) -> RunDiagnostics:
    """What is known about the run. Updates and dead units are those of the bars in the network panel."""
    found = checkup(run)
    diagnostics = RunDiagnostics(
        run.config, seen.batches, seen.epochs, seen.rates, seen.ended,
        found.dead, {}, 0, found.correct, found.support, found.split, found.training, found.unseen,
        run.class_names,
    )  # fmt: skip
    moment = newest_moment(run)
    return diagnostics.with_moment(moment) if moment else diagnostics  # earlier versions kept no moments


def _one(run: Run, advice: Advice) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key=f"coach_{advice.rule.replace(' ', '_')}"):
        _SHOW.get(advice.kind, st.warning)(advice.text, icon=_ICONS.get(advice.kind, ":material/lightbulb:"))
        if advice.remedy:
            _remedy(run, advice)


def _remedy(run: Run, advice: Advice) -> None:
    """The button, or the fixed knobs of the assignment that are in its way: with others it takes no run."""
    config = assignment.settable(run.config.changed(**advice.remedy))
    fixed = [KNOBS[name].label for name, value in advice.remedy.items() if getattr(config, name) != value]
    if fixed:
        st.caption(f"Your assignment fixes {' and '.join(fixed)}, so you cannot try this here.")
        return
    knobs = ", ".join(f"{name} = {value}" for name, value in advice.remedy.items())
    st.button(
        advice.button,
        key=f"remedy_{run.id}_{advice.rule}",
        icon=":material/healing:",
        on_click=controls.form().choose,
        args=(config.to_dict(),),
        help=f"Sets the knobs of this run, with {knobs}. Then press Start.",
    )

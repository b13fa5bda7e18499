"""The prediction of a run and what it has reached, side by side."""

from html import escape

import streamlit as st

from core.classroom import outcome
from core.classroom.board import result_of
from core.formatting import percent
from core.runs.run import ACTIVE, Run
from pages.shared import caches, lessons, palette
from pages.shared.visitor import own

STYLE = """<style>
.predicted {display: grid; grid-template-columns: 1fr 1fr; border: 1px solid #8884; border-radius: .6rem;
  overflow: hidden}
.predicted > div {padding: .5rem .9rem; min-width: 0; overflow-wrap: anywhere}
.predicted > div + div {border-left: 1px solid #8884}
.predicted > p {grid-column: 1 / -1; margin: 0; padding: .4rem .9rem; border-top: 1px solid #8884; font-size: .875rem}
.predicted > p:first-child {border: 0; padding-bottom: 0; font-size: .78rem; opacity: .8}
.predicted p b {font-size: 1rem}
.predicted span {display: block; font-size: .78rem; opacity: .8}
.predicted b {font-size: 1.25rem; font-weight: 600; font-variant-numeric: tabular-nums}
</style>"""


def show(run: Run, state: str) -> None:
    """Nothing for a run without a prediction; that of another visitor is shown when their run has ended."""
    prediction = run.prediction
    if prediction is None or (state in ACTIVE and not own(run)):
        return
    store, work = caches.store(), lessons.find(run.assignment)
    judged = work.prediction_of(run) if work else None
    asked = (judged or prediction).asked
    # Only where they are needed: thirty visitors may watch, twice a second, and the home may have a thousand runs.
    others = store.runs() if asked.versus else []
    result, verdict = result_of(run, store, others, work)
    when = "Result" if result.final else "So far"
    right, wrong = palette.verdict_text()
    sign = {
        True: f'<b style="color:{right}">{palette.RIGHT_SIGN} Met.</b> ',
        False: f'<b style="color:{wrong}">{palette.WRONG_SIGN} Not met.</b> ',
        None: "",
    }[verdict.met]
    mine = own(run) and not run.imported  # the file may be somebody else's
    question = f"<p>{escape(prediction.question)}</p>" if prediction.question else ""
    changed = " Your teacher has edited the assignment since this prediction." if asked != prediction.asked else ""
    st.html(
        f'<div class="predicted">{question}<div><span>{"Your prediction" if mine else "Prediction"}</span>'
        f"<b>{escape(prediction.shown)}</b></div>"
        f"<div><span>{when}, on {result.images} images</span><b>{percent(result.accuracy)}</b></div>"
        f"<p>{sign}{escape(verdict.sentence)} {escape(outcome.rule(asked))}{changed}</p></div>"
    )

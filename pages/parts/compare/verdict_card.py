"""Compare's second half: two runs, what sets them apart, and which is better, in words."""

from html import escape

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.evaluation import evaluations, verdict
from core.evaluation.comparison import Row
from core.evaluation.evaluations import TEST, VALIDATION
from core.evaluation.verdict import Difference
from core.runs.store import ACTIVE
from pages.shared import caches
from pages.shared.answers import ask
from pages.shared.fragments import guarded_fragment
from pages.shared.local_time import run_title
from pages.shared.stable_selectbox import picker

_STYLE = """<style>
.two-runs {width: 100%; border-collapse: collapse; font-size: .9rem; font-variant-numeric: tabular-nums}
.two-runs td, .two-runs th {padding: .35rem .6rem; text-align: left; border-bottom: 1px solid rgb(128 128 128 / .3)}
.two-runs th {font-weight: 400; opacity: .75}
</style>"""
MANY = 5  # runs in the charts, beyond which the best of them is partly the luckiest


@guarded_fragment()
def show(found: list[Row], shown: list[Row]) -> None:
    """Draws the comparison of two of the chosen runs."""
    st.subheader("Which is better?", anchor=False)
    ended = [row for row in shown if row.state not in ACTIVE]
    if len(ended) < 2:
        st.info("Tick two runs that have ended: this says what sets them apart, and whether one is better.")
        return
    first, second = _pair(ended)
    _verdict(first, second)
    if said := verdict.over_seeds(first, second, found):
        st.markdown(said)
    if len(shown) > MANY:
        st.caption(
            f"The best of {len(shown)} runs is also the luckiest of them. Train it again with other seeds before you "
            "believe the difference."
        )
    _tables(first, second)


def _pair(ended: list[Row]) -> tuple[Row, Row]:
    """Two different runs of the chosen ones; at first the baseline, or else the newest, and the one after it."""
    by_id = {row.run.id: row for row in sorted(ended, key=lambda row: not row.run.baseline)}
    titles = {run: run_title(row.run) + (" (baseline)" if row.run.baseline else "") for run, row in by_id.items()}
    left, right = st.columns(2)
    first = _pick(left, "First", "compare_first", titles)
    second = _pick(right, "Second", "compare_second", {run: titles[run] for run in titles if run != first})
    return by_id[first], by_id[second]


def _pick(place: DeltaGenerator, label: str, key: str, titles: dict[str, str]) -> str:
    with place:
        return picker(label, titles, key=key)


def _verdict(first: Row, second: Row) -> None:
    split = verdict.common_split(first, second)
    if split is None:
        st.info(verdict.why_none(first, second), icon=":material/lock:")
        return
    called = verdict.names(first, second)
    if split == VALIDATION:
        st.caption(
            ":material/lock: The test set is sealed for at least one of them, so the 6,000 held-out validation images "
            "judge. They have guided your choices already; the test set has the last word."
        )
    without = [run_title(row.run) for row in (first, second) if not row.run.has_model]
    if without:
        _by_counts(first, second, called, split, f"{without[0]} has kept no network. ")
    elif all(evaluations.at_once(row.run, split, caches.data()) for row in (first, second)):
        _by_images(first, second, called, split)
    else:
        rough = st.empty()
        with rough.container():
            _by_counts(first, second, called, split, "")
            asked = st.button("Ask both networks image by image", icon=":material/play_arrow:", key="compare_ask")
            st.caption("Convolutions take some seconds over so many; the answers are kept.")
        if asked:
            _by_images(first, second, called, split)
            rough.empty()


def _by_images(first: Row, second: Row, called: tuple[str, str], split: str) -> None:
    answers = [ask(row.run, split) for row in (first, second)]
    said = verdict.by_images(called, answers[0].right, answers[1].right, split)
    st.success(said, icon=":material/balance:")


def _by_counts(first: Row, second: Row, called: tuple[str, str], split: str, before: str) -> None:
    """What the two accuracies alone say."""
    accuracies = [row.test if split == TEST else row.summary.kept_validation for row in (first, second)]
    if accuracies[0] is None or accuracies[1] is None:
        st.info(f"{before}At least one of them has no accuracy on the {split} images yet.")
        return
    images = first.test_images if split == TEST else len(caches.data().validation)
    st.info(before + verdict.by_counts(called, accuracies[0], accuracies[1], images, split), icon=":material/balance:")


def _tables(first: Row, second: Row) -> None:
    left, right = st.columns(2, gap="large")
    with left:
        st.markdown("**What sets them apart**")
        different = verdict.differences(first, second)
        if different:
            _table(different)
        else:
            st.caption("Nothing: the same knobs, the same seed. On one machine their curves are equal.")
    with right:
        st.markdown("**What came of it**")
        _table(verdict.results(first, second))


def _table(lines: list[Difference]) -> None:
    """Not `st.table`, which makes a data frame of it: 40 MB for pandas at the first, and slower at every click."""
    rows = "".join(
        f"<tr><th scope='row'>{escape(line.what)}</th><td>{escape(line.first)}</td><td>{escape(line.second)}</td></tr>"
        for line in lines
    )
    head = "<tr><td></td><th scope='col'>First</th><th scope='col'>Second</th></tr>"
    st.html(f"{_STYLE}<table class='two-runs'>{head}{rows}</table>")

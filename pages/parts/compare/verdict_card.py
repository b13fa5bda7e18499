"""Compare's second half: two runs, how they differ, and which is better, in words."""

from html import escape

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.evaluation import evaluations, verdict
from core.evaluation.comparison import RunRow
from core.evaluation.evaluations import VALIDATION
from core.evaluation.verdict import Comparison, Difference
from core.formatting import count, plain
from core.runs.store import ACTIVE
from pages.parts.compare import verdict_box
from pages.shared import caches, other_subset
from pages.shared.distinct_labels import distinct
from pages.shared.fragments import guarded_fragment
from pages.shared.local_time import run_title
from pages.shared.predictions import predict
from pages.shared.stable_selectbox import picker
from pages.shared.visitor import own

MANY = 5  # with more runs in the charts, the best of them is partly the luckiest


@guarded_fragment()
def show(found: list[RunRow], shown: list[RunRow]) -> None:
    """Draws the comparison of two of the chosen runs."""
    st.header("Which is better?", anchor=False)
    ended = [row for row in shown if row.state not in ACTIVE]
    if len(ended) < 2:
        st.info("Tick two runs that have ended. Then you see here how they differ and whether one is better.")
        return
    first, second = _pair(ended)
    comparison = verdict.compare(first, second, found, len(caches.data().validation))
    _verdict(first, second, comparison)
    if comparison.over_seeds:
        verdict_box.show(comparison.over_seeds)
    if len(shown) > MANY:
        st.caption(
            f"The best of {len(shown)} runs is also the luckiest of them. Train it again with other seeds before you "
            "trust the difference."
        )
    _tables(comparison)


def _pair(ended: list[RunRow]) -> tuple[RunRow, RunRow]:
    """Two different runs; at first the baseline or the visitor's own newest, and the next one."""
    order = sorted(ended, key=lambda row: (not row.run.baseline, not own(row.run)))
    by_id = {row.run.id: row for row in order}
    titles = distinct({run: run_title(row.run) + (" (baseline)" * row.run.baseline) for run, row in by_id.items()})
    left, right = st.columns(2)
    first = _pick(left, "First run", "compare_first", titles)
    second = _pick(right, "Second run", "compare_second", {run: titles[run] for run in titles if run != first})
    return by_id[first], by_id[second]


def _pick(place: DeltaGenerator, label: str, key: str, titles: dict[str, str]) -> str:
    with place:
        return picker(label, titles, key=key)


def _verdict(first: RunRow, second: RunRow, comparison: Comparison) -> None:
    split = comparison.split
    if split is None:
        st.info(comparison.obstacle, icon=":material/lock:")
        return
    other_subset.note({plain(run_title(row.run)): row.run for row in (first, second)})
    if split == VALIDATION:
        images = count(len(caches.data().validation))
        st.caption(
            f":material/lock: The test set is sealed for at least one of the two, so the {images} held-out validation "
            "images decide. You have already used them to make choices. The final judge is the test set."
        )
    without = [plain(run_title(row.run)) for row in (first, second) if not row.run.has_model]
    if without:
        _by_accuracy(comparison, f"{without[0]} has no saved network. ")
    elif all(evaluations.is_quick(row.run, split, caches.data()) for row in (first, second)):
        _by_images(first, second, comparison, split)
    else:
        place = st.empty()
        with place.container():
            _by_accuracy(comparison, "")
            is_requested = st.button("Compare image by image", icon=":material/play_arrow:", key="compare_ask")
            st.caption("Convolutional networks need some seconds for so many images. The predictions are saved.")
        if is_requested:
            _by_images(first, second, comparison, split)
            place.empty()


def _by_images(first: RunRow, second: RunRow, comparison: Comparison, split: str) -> None:
    predictions = [predict(row.run, split) for row in (first, second)]
    verdict_box.show(comparison.by_images(predictions[0].right, predictions[1].right))


def _by_accuracy(comparison: Comparison, before: str) -> None:
    """What the two accuracies alone say."""
    if comparison.by_accuracy is None:
        st.info(f"{before}{comparison.no_accuracy}")
    else:
        verdict_box.show(comparison.by_accuracy, before)


def _tables(comparison: Comparison) -> None:
    left, right = st.columns(2, gap="large")
    with left:
        st.markdown("**How they differ**")
        if comparison.differences:
            _table(comparison.differences)
        else:
            st.caption("They do not: the knobs and the seed are the same. On one machine their curves are equal.")
    with right:
        st.markdown("**Results**")
        _table(comparison.results)


def _table(lines: list[Difference]) -> None:
    """A plain HTML table: `st.table` needs pandas, which takes 40 MB and time at every click."""
    rows = "".join(
        f"<tr><th scope='row'>{escape(line.what)}</th><td>{escape(line.first)}</td><td>{escape(line.second)}</td></tr>"
        for line in lines
    )
    head = "<tr><td></td><th scope='col'>First</th><th scope='col'>Second</th></tr>"
    st.html(f"{_STYLE}<table class='two-runs'>{head}{rows}</table>")


_STYLE = """<style>
.two-runs {width: 100%; border-collapse: collapse; font-size: .9rem; font-variant-numeric: tabular-nums}
.two-runs td, .two-runs th {padding: .35rem .6rem; text-align: left; border-bottom: 1px solid rgb(128 128 128 / .3)}
.two-runs th {font-weight: 400; opacity: .75}
</style>"""

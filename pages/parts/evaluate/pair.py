"""Evaluate, Two runs: where two networks disagree on the same images."""

import numpy as np
import streamlit as st

from core.evaluation import disagreement, seal, significance
from core.evaluation.evaluations import TEST, TRAIN, Predictions
from core.formatting import count, plain
from core.runs.store import Run
from pages.parts.evaluate import image_list
from pages.parts.evaluate.choice import Selection, open_digit, remark
from pages.shared import caches
from pages.shared.digit_grid import DigitTiles, digit_grid, position_of
from pages.shared.local_time import run_title
from pages.shared.predictions import predict
from pages.shared.run_options import more_runs, run_options
from pages.shared.softmax import softmax_bars
from pages.shared.stable_selectbox import picked, picker

KINDS = {
    disagreement.DISAGREE: "They disagree",
    disagreement.ONLY_FIRST: "Only the first is right",
    disagreement.ONLY_SECOND: "Only the second is right",
    disagreement.BOTH_WRONG: "Both are wrong",
}


def show(selection: Selection) -> None:
    other = _other(selection)
    if other is None:
        return
    if selection.split != TRAIN:  # the remark above says it for both
        remark(other, selection.split, "The second run")
    other_predictions = predict(other, selection.split)
    names = ("the first run", "the second run")
    verdict = significance.verdict(names, selection.predictions.right, other_predictions.right, selection.split)
    st.markdown(verdict.text.replace("**the", "**The", 1))
    found = {kind: disagreement.select_images(selection.predictions, other_predictions, kind) for kind in KINDS}
    kind = st.segmented_control(
        "Images",
        list(KINDS),
        default=disagreement.DISAGREE,
        format_func=lambda kind: f"{KINDS[kind]} · {len(found[kind]):,}",
        required=True,
        key="evaluate_pair_pick",
        on_change=open_digit,
        args=(None,),
        label_visibility="collapsed",
    )
    if not len(found[kind]):
        st.info(f"No image among the {selection.place} is like this.")
        return
    _images(selection, other_predictions, (run_title(selection.run), run_title(other)), found[kind])


def _other(selection: Selection) -> Run | None:
    """The second run; None, after a sentence, if there is none."""
    others = run_options(
        caches.store().runs(),
        lambda run: run.id != selection.run.id and run.has_model,
        keep=(picked("evaluate_second"),),
    )
    if selection.split == TEST:
        sealed = [run for run in others if seal.sealed(run)]
        others = [run for run in others if not seal.sealed(run)]
        if sealed:
            st.caption(f":material/lock: Not in the list, because the test set is sealed: {count(len(sealed), 'run')}.")
    if not others:
        st.info("There is no second run for these images. Train one, or choose other images.")
        return None
    titles = {run.id: run_title(run) for run in others}
    chosen = picker("Second run", titles, key="evaluate_second", help=more_runs(titles))
    return next(run for run in others if run.id == chosen)


def _images(selection: Selection, other_predictions: Predictions, names: tuple[str, str], indices: np.ndarray) -> None:
    shown = indices[: image_list.SHOWN]
    index = selection.opened(indices)
    grid, detail = st.columns([1, 1], gap="large")
    classes = selection.names
    labels, first, second = selection.digits.labels, selection.predictions.predicted, other_predictions.predicted
    with grid:
        digit_grid(
            DigitTiles(
                selection.digits.images[shown],
                [f"{classes[labels[i]]}: {classes[first[i]]} or {classes[second[i]]}" for i in shown],
                alt=f"{len(shown)} images with label and both predictions",
            ),
            key="evaluate_pair_grid",
            selected=position_of(index, shown),
            on_choose=lambda position: open_digit(shown[position]),
            reveal="closer_pair",
        )
        explained = "Label: first prediction or second prediction. The largest difference comes first."
        st.caption(f"{explained} {image_list.of_how_many(indices)}".strip())
    with detail, st.container(key="closer_pair"):
        label = int(other_predictions.labels[index])
        st.image(
            selection.digits.images[index],
            width=120,
            output_format="PNG",
            alt=image_list.picture_words(selection, label),
        )
        softmax_bars(
            selection.predictions.probabilities[index],
            truth=label,
            title=f"First: **{plain(names[0])}**",
            names=selection.names,
        )
        softmax_bars(
            other_predictions.probabilities[index],
            truth=label,
            title=f"Second: **{plain(names[1])}**",
            names=selection.names,
        )
        image_list.links(selection, index)

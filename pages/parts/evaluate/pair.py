"""Evaluate, Two runs: where two networks disagree on the same images."""

import numpy as np
import streamlit as st

from core.evaluation import seal, significance
from core.evaluation.evaluations import TEST, TRAIN, Answers
from core.runs.store import Run
from pages.parts.evaluate import image_list
from pages.parts.evaluate.choice import Asked, ask, open_digit, remark
from pages.shared import caches
from pages.shared.digit_grid import digit_grid
from pages.shared.local_time import run_title
from pages.shared.softmax import softmax_bars
from pages.shared.stable_selectbox import picker

PICKS = {
    "disagree": "They disagree",
    "first": "Only the first is right",
    "second": "Only the second is right",
    "both": "Both are wrong",
}


def show(asked: Asked) -> None:
    other = _other(asked)
    if other is None:
        return
    if asked.split != TRAIN:  # the remark above says it for both
        remark(other, asked.split, "The second run")
    theirs = ask(other, asked.split)
    names = ("the first run", "the second run")
    verdict = significance.verdict(names, asked.answers.right, theirs.right, asked.split)
    st.markdown(verdict.text.replace("**the", "**The", 1))
    found = {name: _chosen(asked.answers, theirs, name) for name in PICKS}
    pick = st.segmented_control(
        "Images",
        list(PICKS),
        default="disagree",
        format_func=lambda name: f"{PICKS[name]} · {len(found[name]):,}",
        required=True,
        key="evaluate_pair_pick",
        on_change=open_digit,
        args=(None,),
        label_visibility="collapsed",
    )
    if not len(found[pick]):
        st.info(f"No image among the {asked.place} is like this.")
        return
    _images(asked, theirs, (run_title(asked.run), run_title(other)), found[pick])


def _other(asked: Asked) -> Run | None:
    """The second run; None, after a sentence, if there is none."""
    others = [run for run in caches.store().runs() if run.has_model and run.id != asked.run.id]
    if asked.split == TEST:
        sealed = [run for run in others if seal.sealed(run)]
        others = [run for run in others if not seal.sealed(run)]
        if sealed:
            st.caption(f":material/lock: {len(sealed)} runs are not in the list, because their test set is sealed.")
    if not others:
        st.info("There is no second run for these images. Train one, or choose other images.")
        return None
    titles = {run.id: run_title(run) for run in others}
    chosen = picker("Second run", titles, key="evaluate_second")
    return next(run for run in others if run.id == chosen)


def _chosen(ours: Answers, theirs: Answers, pick: str) -> np.ndarray:
    """Indices of the images that `pick` names, sorted by how far the probabilities are apart: int64."""
    mask = {
        "disagree": ours.predicted != theirs.predicted,
        "first": ours.right & ~theirs.right,
        "second": ~ours.right & theirs.right,
        "both": ~ours.right & ~theirs.right,
    }[pick]
    found = np.flatnonzero(mask)
    apart = np.abs(ours.probabilities[found] - theirs.probabilities[found]).sum(axis=1)
    return found[np.argsort(-apart, kind="stable")]


def _images(asked: Asked, theirs: Answers, names: tuple[str, str], indices: np.ndarray) -> None:
    shown = indices[: image_list.SHOWN]
    index = asked.opened(int(shown[0]))
    at = np.flatnonzero(shown == index)
    grid, detail = st.columns([1, 1], gap="large")
    with grid:
        digit_grid(
            asked.digits.images[shown],
            [
                f"{asked.names[theirs.labels[i]]}: {asked.names[asked.answers.predicted[i]]} or "
                f"{asked.names[theirs.predicted[i]]}"
                for i in shown
            ],
            key="evaluate_pair_grid",
            alt=f"{len(shown)} images with label and both predictions",
            selected=int(at[0]) if len(at) else -1,
            on_choose=lambda position: open_digit(shown[position]),
        )
        explained = "Label: first prediction or second prediction. The largest difference comes first."
        st.caption(f"{explained} {image_list.of_how_many(indices)}".strip())
    with detail:
        label = int(theirs.labels[index])
        st.image(asked.digits.images[index], width=120, output_format="PNG", alt=image_list.picture_words(asked, label))
        softmax_bars(asked.answers.probabilities[index], truth=label, title=f"First: **{names[0]}**", names=asked.names)
        softmax_bars(theirs.probabilities[index], truth=label, title=f"Second: **{names[1]}**", names=asked.names)
        image_list.links(asked, index)

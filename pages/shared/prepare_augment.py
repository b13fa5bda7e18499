"""Augmentation and other changes to the training images, seen before anything is trained on them."""

import numpy as np
import streamlit as st

from core.config import RunConfig
from core.preparation import for_run
from pages.shared.digit_grid import digit_grid
from pages.shared.lesson import Example, code, facts

SAMPLES = 25


def previewer(example: Example) -> None:
    """Twenty-five versions of the digit, made by the functions that training uses."""
    st.markdown(
        "A digit stays the same digit when it is turned a little, moved or written with a thicker pen. Training on "
        "such versions teaches the network what does **not** matter, as if there were many more images."
    )


def harder(example: Example) -> None:
    """Fewer images and wrong labels: what the knobs of a run do to its training images."""
    st.markdown(
        "Two ways to make learning harder, and to see a network over-fit: give it only a few images, or tell it lies. "
        "Here is the beginning of what a run with these knobs would be trained on."
    )
    with st.container(horizontal=True, gap="medium"):
        images = st.select_slider(
            "Training images", [100, 500, 1000, 5000, 10_000, 0], 0, format_func=_all, key="prepare_n"
        )
        wrong = st.slider("Wrong labels", 0.0, 0.9, 0.2, 0.05, format="percent", key="prepare_wrong")
    config = RunConfig(train_images=images, wrong_labels=wrong)
    training, _ = for_run(config, example.data)
    truth, _ = for_run(config.changed(wrong_labels=0.0), example.data)
    right = training.labels == truth.labels
    marks = [None if ok else False for ok in right[:SAMPLES]]
    digit_grid(
        training.images[:SAMPLES],
        [f"“{n}”" for n in training.labels[:SAMPLES]],
        key="prepare_harder",
        marks=marks,
        columns=13,
        alt="The first 25 training images with the labels they are trained on",
    )
    st.markdown(f"**{np.sum(~right):,}** of {len(training):,} labels are wrong, drawn from seed {config.seed}.")
    facts({"training images": training.images, "training labels": training.labels})
    st.page_link(
        "pages/train.py",
        label="Train with these knobs",
        icon=":material/model_training:",
        query_params=config.to_query(),
    )
    code(
        f"config = RunConfig(train_images={images}, wrong_labels={wrong:g})",
        "training, validation = for_run(config, mnist.load())",
    )


def _all(n: int) -> str:
    return f"{n:,}" if n else "all"

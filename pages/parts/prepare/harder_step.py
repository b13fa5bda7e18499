"""The step that makes learning harder: fewer images and wrong labels, chosen by the functions of training."""

import numpy as np
import streamlit as st

from core.config.run_config import RunConfig
from core.data.sampling import select_images
from core.digits import NUM_CLASSES
from pages.parts.prepare.lesson import Example, before_after, code, wrong
from pages.shared.digit_grid import DigitTiles, digit_grid

SAMPLES = 50


def harder(example: Example) -> None:
    """What the knobs for fewer images and wrong labels do to the training images."""
    st.markdown(
        "A network can **memorise** its training images instead of learning what digits look like. Two knobs make "
        "this easy to see: use only **a few images**, or train on **wrong labels**. Below are the first training "
        "images of a run with these knobs."
    )
    left, right = st.columns(2)
    images = left.select_slider(
        "Training images", [100, 500, 1000, 5000, 10_000, 0], 1000, format_func=_all, key="prepare_n"
    )
    wrong_share = right.slider("Wrong labels", 0.0, 0.9, 0.2, 0.05, format="percent", key="prepare_wrong")
    config = RunConfig(train_images=images, wrong_labels=wrong_share)
    training, _ = select_images(config, example.data)
    truth, _ = select_images(config.changed(wrong_labels=0.0), example.data)
    wrong_labels = training.labels != truth.labels
    digit_grid(
        DigitTiles(
            training.images[:SAMPLES],
            [f"“{example.names[label]}”" for label in training.labels[:SAMPLES]],
            marks=[False if is_wrong else None for is_wrong in wrong_labels[:SAMPLES]],
            alt=f"The first {SAMPLES} training images with their training labels; ✗ marks wrong labels",
        ),
        key="prepare_harder",
    )
    st.markdown(
        f"**{wrong_labels.sum():,}** of {len(training):,} labels are wrong (✗), chosen at random with seed "
        f"{config.seed}. "
        "The same seed gives the same wrong labels. Validation and test images keep their true labels."
    )
    side, other = st.columns(2)
    with side:
        before_after(
            {"all training images": example.train.images},
            {"images of this run": training.images, "their labels": training.labels},
        )
        code(
            "from core.data import mnist",
            "from core.config.run_config import RunConfig",
            "from core.data.sampling import select_images",
            f"config = RunConfig(train_images={images}, wrong_labels={wrong_share:g})",
            "training, validation = select_images(config, mnist.load())",
        )
        st.page_link(
            "pages/train.py",
            label="Train with these knobs",
            icon=":material/model_training:",
            query_params=config.to_query(),
        )
    with other, wrong("harder"):
        st.markdown(_outlook(float(np.mean(wrong_labels))))


def _outlook(wrong_share: float) -> str:
    """What to expect when this share of the training labels is wrong."""
    if not wrong_share:
        return (
            "A network can memorise images even if all labels are right. Training accuracy then nears 100%, and "
            "validation accuracy stays lower. This gap is called **overfitting**. More images or augmentation make "
            "it smaller."
        )
    if 1 - wrong_share <= wrong_share / (NUM_CLASSES - 1):
        return (
            f"With **{wrong_share:.0%}** wrong labels there is nothing left to learn: an image has its true label no "
            "more often than each of the nine wrong ones. In validation no network can beat a guess, "
            f"{1 / NUM_CLASSES:.0%}. In training it can still memorise the wrong labels."
        )
    return (
        "A network that has memorised the wrong labels reaches 100% in training but makes many mistakes on new "
        f"images. A good network stays near **{1 - wrong_share:.0%}** in training, the share of true labels, and is "
        "better in validation. When the two curves cross, the network has begun to memorise. Stop there."
    )


def _all(n: int) -> str:
    return f"{n:,}" if n else "all"

"""The lesson's last step: fewer images and wrong labels, as the knobs of a run ask for them."""

import numpy as np
import streamlit as st

from core.config.run_config import RunConfig
from core.data.sampling import select_images
from core.digits import NUM_CLASSES
from pages.parts.prepare.lesson import Example, before_after, code, wrong
from pages.shared.digit_grid import digit_grid

SAMPLES = 50


def harder(example: Example) -> None:
    """Fewer images and wrong labels: what the knobs of a run do to its training images."""
    st.markdown(
        "Two ways to make learning harder, and to see a network learn by heart: give it only **a few pictures**, or "
        "tell it **lies**. Here is the beginning of what a run with these knobs would be trained on."
    )
    left, right = st.columns(2)
    images = left.select_slider(
        "Training images", [100, 500, 1000, 5000, 10_000, 0], 1000, format_func=_all, key="prepare_n"
    )
    wrong_share = right.slider("Wrong labels", 0.0, 0.9, 0.2, 0.05, format="percent", key="prepare_wrong")
    config = RunConfig(train_images=images, wrong_labels=wrong_share)
    training, _ = select_images(config, example.data)
    truth, _ = select_images(config.changed(wrong_labels=0.0), example.data)
    lies = training.labels != truth.labels
    digit_grid(
        training.images[:SAMPLES],
        [f"“{label}”" for label in training.labels[:SAMPLES]],
        key="prepare_harder",
        marks=[False if lie else None for lie in lies[:SAMPLES]],
        alt=f"The first {SAMPLES} training images with the labels they are trained on; ✗ marks the wrong ones",
    )
    st.markdown(
        f"**{lies.sum():,}** of {len(training):,} labels are wrong (✗), drawn from seed {config.seed}: the same seed, "
        "the same lies. Validation and test keep their true labels."
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
        st.markdown(_outlook(float(np.mean(lies))))


def _outlook(lies: float) -> str:
    """What to expect of a training in which this share of the labels is wrong."""
    if not lies:
        return (
            "Pictures can be learned by heart without a single lie: training then nears 100%, and validation stays "
            "behind. The wider the gap, the more was learned by heart. More pictures close it, or augmentation."
        )
    if 1 - lies <= lies / (NUM_CLASSES - 1):
        return (
            f"With **{lies:.0%}** lies there is nothing left to learn: each picture is called by its true digit no "
            f"more often than by each of the nine others. No network can do better than a guess, "
            f"{1 / NUM_CLASSES:.0%}, in "
            "validation; in training it can still learn the lies by heart."
        )
    return (
        "A network that has learned the lies by heart is right on 100% of its training labels and still wrong on the "
        f"world. A good one stays near **{1 - lies:.0%}** in training, which is every true label, and is better in "
        "validation. When the two curves cross, learning by heart has begun: stop there."
    )


def _all(n: int) -> str:
    return f"{n:,}" if n else "all"

"""Augmentation and other changes to the training images, seen before anything is trained on them."""

import numpy as np
import streamlit as st

from core import augment
from core.config import RunConfig
from core.digits import Digits
from core.preparation import for_run
from pages.shared.digit_grid import digit_grid
from pages.shared.lesson import Example, code, facts

SAMPLES = 25
_SEED = "prepare_augment_seed"


def previewer(example: Example) -> None:
    """Twenty-five versions of the digit, made by the functions that training uses."""
    st.markdown(
        "A digit stays the same digit when it is turned a little, moved or written with a thicker pen. Training on "
        "such versions teaches the network what does **not** matter, as if there were many more images."
    )
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        how = st.segmented_control(
            "How", ["As the training knob does", "One by one"], default="As the training knob does", required=True,
            key="prepare_augment_how",
        )  # fmt: skip
        others = st.toggle("25 different digits", key="prepare_augment_others")
        st.button("Draw anew", icon=":material/casino:", on_click=_draw_anew)
    chosen = slice(example.index, example.index + SAMPLES) if others else np.full(SAMPLES, example.index)
    digits = example.train[chosen]
    rng = np.random.default_rng(st.session_state.get(_SEED, 0))
    after = _as_the_knob(digits, rng) if how == "As the training knob does" else _one_by_one(digits, rng)
    digit_grid(
        after, [str(label) for label in digits.labels], key="prepare_augmented", columns=13, alt="Distorted digits"
    )
    facts({"before": digits.images, "after": after})


def _as_the_knob(digits: Digits, rng: np.random.Generator) -> np.ndarray:
    strength = st.slider(
        "Augmentation", 0.0, 1.0, 0.5, 0.05, key="prepare_strength", help="The knob of that name in Train."
    )
    config = RunConfig(augmentation=strength)
    st.page_link(
        "pages/train.py", label="Train with this", icon=":material/model_training:", query_params=config.to_query()
    )
    code(f"augment.for_training(images, labels, RunConfig(augmentation={strength:g}), rng)   # anew in every epoch")
    return augment.for_training(digits.images, digits.labels, config, rng)


def _one_by_one(digits: Digits, rng: np.random.Generator) -> np.ndarray:
    columns, strengths = st.columns(4), {}
    for at, distortion in enumerate(augment.DISTORTIONS.values()):
        strengths[distortion.name] = columns[at % 4].slider(
            f"{distortion.label} {distortion.unit}".strip(),
            0.0,
            float(distortion.strongest),
            0.0 if at else distortion.strongest / 3,
            float(distortion.strongest) / 40,
            key=f"prepare_{distortion.name}",
        )
    used = {name: round(strength, 4) for name, strength in strengths.items() if strength}
    code(f"augment.distort(images, rng=rng, {', '.join(f'{name}={strength:g}' for name, strength in used.items())})")
    return augment.distort(digits.images, rng=rng, **used)


def _draw_anew() -> None:
    st.session_state[_SEED] = st.session_state.get(_SEED, 0) + 1


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

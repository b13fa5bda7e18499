"""The lesson's step for augmentation: one digit twenty-five times, made by the functions that training uses."""

from html import escape
from typing import Any

import numpy as np
import streamlit as st

from core.augment.distortions import DISTORTIONS, augment_images, distort, rotate
from core.augment.handwriting_styles import STYLED_DIGITS
from core.config.run_config import KNOBS, RunConfig
from core.digits import Digits
from pages.parts.prepare import lesson_pictures as draw
from pages.parts.prepare.lesson import Example, before_after, code, show, wrong
from pages.shared.digit_grid import DigitTiles, digit_grid
from pages.shared.palette import NEGATIVE, POSITIVE

SAMPLES = 25
_STEPS = {"rotation": 1.0, "shift": 0.5, "zoom": 0.05, "shear": 0.05, "thickness": 0.1, "noise": 0.05, "cover": 1.0}
_GENTLE = {"rotation": 15.0, "shift": 2.0, "zoom": 0.1}  # initial values of the sliders
_FIRST = {"augmentation": 0.5, "pen": 0.0, "styles": 0.0}  # training knobs and their initial values here
_STYLED = f"{', '.join(map(str, STYLED_DIGITS[:-1]))} and {STYLED_DIGITS[-1]}"
_KNOB, _OWN = "As in training", "One at a time"


def previewer(example: Example) -> None:
    """Twenty-five versions of the digit, made by the functions that training uses."""
    st.markdown(
        "A 3 stays a 3 when you turn it a little, move it or write it with a thicker pen. **Augmentation** makes "
        "such new versions of the training images. The network learns which changes do **not** matter. "
        "This page uses the same functions as training."
    )
    sides = st.columns([4, 5, 2], gap="medium")
    with sides[0]:
        how = st.segmented_control("Distort", [_KNOB, _OWN], default=_KNOB, required=True, key="prepare_how")
        seed = int(
            st.number_input("Seed", 0, 9999, 1, key="prepare_seed", help="The same seed gives the same 25 versions.")
        )
        many = st.toggle(
            "25 different digits", key="prepare_many", help="Shows your digit and the 24 that follow it in the data."
        )
        digits = _originals(example, many)
        rng = np.random.default_rng(seed)
        made, lines, config = _knobs(digits, rng, seed) if how == _KNOB else _own(digits, rng, seed)
    with sides[1]:
        shown = [example.names[label] for label in digits.labels]
        captions = shown if many else [f"version {n + 1}" for n in range(SAMPLES)]
        alt = f"25 distorted images, as the network sees them: {', '.join(shown)}"
        chosen = digit_grid(DigitTiles(made, captions, columns=5, alt=alt, tile=84), key="prepare_made") or 0
        st.caption("Select a version to compare it with the original.")
    with sides[2]:
        _compare(digits.images[chosen], made[chosen], shown[chosen], chosen)
    left, right = st.columns(2)
    with left:
        before_after({"original": digits.images}, {"distorted": made})
        code(*lines)
        if config is not None:
            st.page_link(
                "pages/train.py",
                label="Train with these knobs",
                icon=":material/model_training:",
                query_params=config.to_query(),
            )
    with right, wrong("augment"):
        _too_much(example)


def _originals(example: Example, many: bool) -> Digits:
    """The chosen digit 25 times, or 25 digits that start with it."""
    chosen = np.arange(example.index, example.index + SAMPLES) % len(example.train)
    return example.train[chosen if many else np.full(SAMPLES, example.index)]


def _knobs(digits: Digits, rng: np.random.Generator, seed: int) -> tuple[np.ndarray, list[str], RunConfig]:
    chosen = {name: _slider(name, first) for name, first in _FIRST.items()}
    config = RunConfig(**chosen)
    made = augment_images(digits.images, digits.labels, config, rng)
    st.caption(
        "Augmentation rotates, slants, stretches and bends the digit. Pen redraws it with strokes of even width, as on "
        f"the Draw page. European styles change only {_STYLED}. Training makes new versions in every epoch."
    )
    written = ", ".join(f"{name}={value:g}" for name, value in chosen.items() if value)
    lines = [
        "from core.augment.distortions import augment_images",
        "from core.config.run_config import RunConfig",
        f"config = RunConfig({written})",
        f"augment_images(images, labels, config, np.random.default_rng({seed}))",
        "",
        "# Keras has similar layers, which are active only in training:",
        "keras.layers.RandomRotation(0.05), keras.layers.RandomTranslation(0.1, 0.1), keras.layers.RandomZoom(0.1)",
    ]
    return made, lines, config


def _slider(name: str, first: float) -> float:
    """The same slider for a training knob as on Train."""
    knob = KNOBS[name]
    return st.slider(knob.label, knob.low, knob.high, first, knob.step, key=f"prepare_knob_{name}", help=knob.help)


def _own(digits: Digits, rng: np.random.Generator, seed: int) -> tuple[np.ndarray, list[str], None]:
    strengths: dict[str, Any] = {}
    for name, distortion in DISTORTIONS.items():
        unit = f", {distortion.unit}" if distortion.unit else ""
        strengths[name] = st.slider(
            f"{distortion.label}{unit}",
            0.0,
            float(distortion.max_strength),
            _GENTLE.get(name, 0.0),
            _STEPS.get(name, distortion.max_strength / 20),
            key=f"prepare_{name}",
            help="Each version gets a random amount up to this value.",
        )
    st.caption("Evaluate uses the same distortions to measure how robust a network is.")
    chosen = {name: strength for name, strength in strengths.items() if strength}
    made = distort(digits.images, rng=rng, **chosen)
    arguments = "".join(f", {name}={strength:g}" for name, strength in chosen.items())
    lines = [
        "from core.augment.distortions import distort",
        f"distort(images, rng=np.random.default_rng({seed}){arguments})",
    ]
    return made, lines, None


def _compare(before: np.ndarray, after: np.ndarray, name: str, chosen: int) -> None:
    """The original, the chosen version, and the difference between them. name: of the original's class."""
    changed = np.abs(after.astype(int) - before).mean() / 255
    legend = (
        f"<span style='color:rgb{POSITIVE}'>●</span> more ink<br><span style='color:rgb{NEGATIVE}'>●</span> less "
        f"ink<br>"
        f"average change of a pixel: {changed:.1%}"
    )
    show(
        draw.line(
            draw.picture(before, 118, f"Original, a {name}", "original"),
            draw.picture(after, 118, "The distorted version", f"version {chosen + 1}"),
            draw.picture(_difference(before, after), 118, "The difference: more ink in red, less ink in blue", legend),
        )
    )


def _difference(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """More ink in red, less ink in blue, unchanged ink in grey: uint8 (28, 28, 3)."""
    a, b = before.astype(np.float32)[..., None], after.astype(np.float32)[..., None]
    unchanged, less, more = np.minimum(a, b), np.maximum(a - b, 0), np.maximum(b - a, 0)
    colours = np.array([(150, 150, 158), NEGATIVE, POSITIVE], np.float32) / 255
    return np.clip(unchanged * colours[0] + less * colours[1] + more * colours[2], 0, 255).astype(np.uint8)


def _too_much(example: Example) -> None:
    turned = rotate(example.image[None], 180.0)[0]
    flipped, still = example.image[:, ::-1], f"still labelled {escape(example.name)}"
    st.markdown(
        "**Too much augmentation makes labels wrong.** A 6 rotated by 180° is a 9, and a mirrored 3 is not a digit. "
        "Flips work for photos of cats but not for digits. If you cannot read a digit yourself, the change is too "
        "large.\n\n**Augment only the training images.** Keep validation and test images unchanged. Otherwise you "
        "measure accuracy on a different task."
    )
    show(
        draw.line(
            draw.picture(example.image, 84, "The image", f"label {escape(example.name)}"),
            draw.picture(turned, 84, "The image upside down", f"rotated by 180°, {still}"),
            draw.picture(flipped, 84, "The image mirrored", f"mirrored, {still}"),
        )
    )

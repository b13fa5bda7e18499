"""The lesson's steps from scores to probabilities: softmax by hand, and by mistake twice."""

import math

import numpy as np
import streamlit as st

from core.digits import CLASSES
from core.lesson import SURE, UNSURE, Softmax, Templates, overflowing, softmax_by_hand, templates
from core.mnist import Mnist
from core.preparation import softmax
from core.traits import mean_images
from pages.shared import lesson_pictures as draw
from pages.shared.lesson import Example, before_after, code, show, wrong

_LEARNT_FROM = 10_000  # pictures for the means: no eye tells them from those of all


@st.cache_resource(show_spinner=False, max_entries=2)
def _layer(source: str, _data: Mnist) -> tuple[Templates, np.ndarray]:
    means = mean_images(_data.train[:_LEARNT_FROM])
    return templates(means), means


def scores(example: Example) -> np.ndarray:
    """The ten scores of the layer that is made of mean images, to two decimals: float64 (10,)."""
    layer, _ = _layer(example.data.source.sentence, example.data)
    return layer.scores(example.image[None])[0].astype(np.float64).round(2)


def by_hand(example: Example) -> None:
    """Softmax with the arithmetic shown."""
    st.markdown(
        "The last layer gives each digit a **score** (a logit): any number, large or small. Softmax makes shares of "
        "them that sum to 1. Three moves: raise *e* to each score, add all ten, divide each by the sum."
    )
    raised, scaled = _knobs(example)
    logits = scores(example) * scaled
    logits[example.label] += raised
    answer = softmax_by_hand(logits)
    show(draw.line(_arithmetic(answer, example.label), _templates(example), top=True))
    show(
        draw.line(_scores_bars(logits, example.label), "→", draw.bars(answer.shares, on=example.label, title="Shares"))
    )
    best = int(answer.shares.argmax())
    verdict = "and that is right" if best == example.label else f"but it is a {example.label}"
    st.markdown(
        f"The highest share says **{best}**, {verdict}. The ten shares sum to {answer.shares.sum():.6f}. "
        "A difference of 1 between two scores makes one share *e* = 2.718 times the other; adding the same to all ten "
        "scores changes nothing."
    )
    before_after({"scores": answer.scores}, {"shares": answer.shares})
    left, right = st.columns(2)
    with left:
        code(
            "powers = np.exp(scores)          # NumPy",
            "shares = powers / powers.sum()",
            "keras.ops.softmax(scores)        # Keras",
            'keras.layers.Dense(10, activation="softmax")  # or as the last layer',
        )
    with right, wrong("softmax"):
        _overflow(answer.scores)


def _knobs(example: Example) -> tuple[float, float]:
    left, right = st.columns(2)
    raised = left.slider(f"Raise the score of {example.label} by", -5.0, 5.0, 0.0, 0.5, key="prepare_raise")
    scaled = right.slider(
        "Multiply all scores by",
        0.0,
        4.0,
        1.0,
        0.25,
        key="prepare_scale",
        help="More: the network is surer. 0: all scores are equal.",
    )
    return raised, scaled


def _arithmetic(answer: Softmax, label: int) -> str:
    rows = [
        [f"<b>{digit}</b>", f"{score:.2f}", f"{power:,.3f}", f"{power:,.3f} ÷ {answer.total:,.3f}", f"{share:.2%}"]
        for digit, (score, power, share) in enumerate(zip(answer.scores, answer.powers, answer.shares, strict=True))
    ]
    rows.append(["<b>sum</b>", "", f"<b>{answer.total:,.3f}</b>", "", f"<b>{answer.shares.sum():.2%}</b>"])
    head = ["digit", "1. score", "2. e to that power", "3. divided by the sum", "share"]
    return draw.table(head, rows, numbers=(1, 2, 3, 4), on=label)


def _templates(example: Example) -> str:
    _, means = _layer(example.data.source.sentence, example.data)
    pictures = draw.line(*(draw.picture(m.astype(np.uint8), 46, f"The mean {d}", str(d)) for d, m in enumerate(means)))
    return (
        f"<div style='max-width:19rem'>{pictures}<p class='note'>Where the scores come from: a layer whose weights are "
        "not learned, but are the mean picture of each digit. The nearer your digit to one, the higher its score. "
        "It reads about 80 % of MNIST; training does far better.</p></div>"
    )


def _scores_bars(logits: np.ndarray, label: int) -> str:
    low, high = min(logits.min(), 0), max(logits.max(), 0.1)
    shown = logits - low
    bars = draw.bars(shown, on=label, title="Scores", top=high - low or 1, written="{:.1f}")
    return (
        bars
        if low == 0
        else draw.bars(shown, on=label, title=f"Scores, above the lowest, {low:.1f}", top=high - low, written="+{:.1f}")
    )


def _overflow(logits: np.ndarray) -> None:
    large = logits.round() * 20
    naive, safe = overflowing(large)
    power = math.exp(large.max())
    st.markdown(
        f"Large scores overflow. With these times 20, the highest is {large.max():.0f}, and *e* to it is {power:.1e}; "
        "float32 ends at 3.4e+38. Then inf ÷ inf is **nan**, not a number, and the loss with it. Take the highest "
        "score off first; the shares stay the same. Keras does so."
    )
    show(
        draw.matrix(naive, written="{:.2f}", title="np.exp(s) / np.exp(s).sum()", on=np.isnan(naive), small=True),
        draw.matrix(safe, written="{:.2f}", title="after s = s − s.max()", small=True),
    )


def twice(example: Example) -> None:
    """Softmax applied twice, one tutorial's own mistake."""
    st.markdown(
        "One tutorial trains a network that already ends in a softmax, and then puts another Softmax layer on top, to "
        "“get probabilities”. The second one is fed numbers between 0 and 1 and can no longer tell them apart:"
    )
    sure = st.slider("How sure is the network? Scores times", 0.0, 10.0, 4.0, 0.5, key="prepare_sure")
    once = softmax(scores(example) * sure)
    again = softmax(once)
    best = int(once.argmax())
    show(
        draw.line(
            draw.bars(once, on=best, title="Softmax once"),
            "→",
            draw.bars(again, on=best, title="Softmax twice"),
        )
    )
    st.markdown(
        f"However sure it is, no bar leaves the band from **{UNSURE:.1%}** to **{SURE:.1%}**. Move the slider to the "
        "right end and read it off. By hand: the surest answer there is, one 1 and nine 0s, becomes"
    )
    show(
        draw.table(
            ["", "to the power of e", "divided by the sum", "share"],
            [
                ["the 1", f"e¹ = {math.e:.3f}", f"{math.e:.3f} ÷ ({math.e:.3f} + 9 · 1) = e ÷ (e + 9)", f"{SURE:.1%}"],
                ["each 0", "e⁰ = 1", f"1 ÷ ({math.e:.3f} + 9 · 1) = 1 ÷ (9 + e)", f"{UNSURE:.1%}"],
            ],
            numbers=(1, 2, 3),
        )
    )
    before_after({"softmax once": once}, {"softmax twice": again})
    left, right = st.columns(2)
    with left:
        st.markdown("Either a softmax in the last layer, or scores and a loss that knows it. Never both:")
        code(
            'keras.layers.Dense(10, activation="softmax")',
            'model.compile(loss="categorical_crossentropy")',
            "# or",
            "keras.layers.Dense(10)",
            "model.compile(loss=keras.losses.CategoricalCrossentropy(from_logits=True))",
        )
    with right, wrong("twice"):
        st.markdown(
            f"Nobody notices. The order of the digits stays, so the **accuracy is the same**; but every answer looks "
            f"like a guess, and the loss can never fall below −ln {SURE:.3f} = **{-math.log(SURE):.2f}**. If your "
            f"bars stop at {SURE:.0%}, or your loss at {-math.log(SURE):.2f}, look for a second softmax. "
            f"(A pure guess gives {1 / CLASSES:.0%} and {math.log(CLASSES):.2f}.)"
        )

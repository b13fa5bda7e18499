"""The lesson's steps from scores to probabilities: softmax by hand, and by mistake twice."""

import math

import numpy as np
import streamlit as st

from core.data.mnist import Mnist
from core.data.morphology import mean_images
from core.digits import NUM_CLASSES
from core.lesson.arithmetic import (
    SOFTMAX_OF_ONE,
    SOFTMAX_OF_ZERO,
    SoftmaxSteps,
    TemplateLayer,
    make_template_layer,
    softmax,
    softmax_overflow,
    softmax_steps,
)
from pages.parts.prepare import lesson_pictures as draw
from pages.parts.prepare.lesson import Example, before_after, code, show, wrong

_SUREST = 10.0  # times the scores, on the slider of softmax twice
_LEARNT_FROM = 10_000  # pictures for the means: no eye tells them from those of all


@st.cache_resource(show_spinner=False, max_entries=2)
def _layer(source: str, _data: Mnist) -> tuple[TemplateLayer, np.ndarray]:
    means = mean_images(_data.train[:_LEARNT_FROM])
    return make_template_layer(means), means


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
    answer = softmax_steps(logits)
    bars = draw.bars(answer.shares, on=example.label, title="Shares", high="15rem")
    show(draw.line(_arithmetic(answer, example.label), bars, top=True), _templates(example))
    st.markdown(
        f"{_said(answer.shares, example.label)} The ten shares sum to {answer.shares.sum():.6f}. "
        "A difference of 1 between two scores makes one share *e* = 2.718 times the other; adding the same to all ten "
        "scores changes nothing."
    )
    left, right = st.columns(2)
    with left:
        before_after({"scores": answer.scores}, {"shares": answer.shares})
        code(
            "powers = np.exp(scores)          # NumPy",
            "shares = powers / powers.sum()",
            "keras.ops.softmax(scores)        # Keras",
            'keras.layers.Dense(10, activation="softmax")  # or as the last layer',
        )
    with right, wrong("softmax"):
        _overflow(answer.scores)


def _said(shares: np.ndarray, label: int) -> str:
    """What the highest share says, and whether it is right."""
    best = np.flatnonzero(np.isclose(shares, shares.max(), rtol=1e-9))
    if len(best) > 1:
        return f"The highest share belongs to {', '.join(map(str, best[:-1]))} and {best[-1]} alike: it says nothing."
    verdict = "and that is right" if best[0] == label else f"but it is a {label}"
    return f"The highest share says **{best[0]}**, {verdict}."


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


def _arithmetic(answer: SoftmaxSteps, label: int) -> str:
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
        f"{pictures}<p class='note'>Where the scores come from: a layer whose weights are not learned but are the mean "
        "picture of each digit. The nearer your digit to one, the higher its score. It reads about 80 % of MNIST; "
        "training does far better.</p>"
    )


def _overflow(logits: np.ndarray) -> None:
    large = logits + 100
    naive, safe = softmax_overflow(large)
    st.markdown(
        "Add 100 to all ten scores: on paper nothing changes. But now the highest is "
        f"{large.max():.2f}, *e* to it is {math.exp(large.max()):.1e}, and float32 ends at 3.4e+38. The computer "
        "writes **inf**, inf ÷ inf is **nan**, not a number, and the whole training is lost. The cure: take the "
        "highest score off first. Keras does."
    )
    show(
        "<div class='scroll'>",
        draw.matrix(naive, written="{:.2f}", title="np.exp(s) / np.exp(s).sum()", on=np.isnan(naive), small=True),
        draw.matrix(safe, written="{:.2f}", title="the same after s = s - s.max()", small=True),
        "</div>",
    )


def twice(example: Example) -> None:
    """Softmax applied twice, one tutorial's own mistake."""
    st.markdown(
        "One tutorial trains a network that already ends in a softmax, and then puts another Softmax layer on top, to "
        "“get probabilities”. The second one is fed numbers between 0 and 1 and can no longer tell them apart:"
    )
    sure = st.slider("How sure is the network? Scores times", 0.0, _SUREST, 4.0, 0.5, key="prepare_sure")
    once = softmax(scores(example) * sure)
    again, at_the_end = softmax(once), softmax(softmax(scores(example) * _SUREST)).max()
    best = int(once.argmax())
    show(
        draw.line(
            draw.bars(once, on=best, title="Softmax once"),
            "→",
            draw.bars(again, on=best, title="Softmax twice"),
        )
    )
    st.markdown(
        f"However sure it is, no bar leaves the band from **{SOFTMAX_OF_ZERO:.1%}** to **{SOFTMAX_OF_ONE:.1%}**. "
        f"At the right end of the "
        f"slider this digit's highest bar stands at **{at_the_end:.1%}**. By hand: the surest answer there is, one 1 "
        "and nine 0s, becomes"
    )
    show(
        draw.table(
            ["", "e to that power", "divided by the sum", "share"],
            [
                [
                    "the 1",
                    f"e¹ = {math.e:.3f}",
                    f"{math.e:.3f} ÷ ({math.e:.3f} + 9 · 1) = e ÷ (e + 9)",
                    f"{SOFTMAX_OF_ONE:.1%}",
                ],
                ["each 0", "e⁰ = 1", f"1 ÷ ({math.e:.3f} + 9 · 1) = 1 ÷ (9 + e)", f"{SOFTMAX_OF_ZERO:.1%}"],
            ],
            numbers=(1, 3),
        )
    )
    left, right = st.columns(2)
    with left:
        before_after({"softmax once": once}, {"softmax twice": again})
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
            f"like a guess, and the loss can never fall below −ln {SOFTMAX_OF_ONE:.3f} = "
            f"**{-math.log(SOFTMAX_OF_ONE):.2f}**. If your "
            f"bars stop at {SOFTMAX_OF_ONE:.0%}, or your loss at {-math.log(SOFTMAX_OF_ONE):.2f}, look for a "
            f"second softmax. "
            f"(A pure guess gives {1 / NUM_CLASSES:.0%} and {math.log(NUM_CLASSES):.2f}.)"
        )

"""The steps for softmax: from logits to probabilities, and softmax applied twice by mistake."""

import math
from html import escape

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

_SUREST = 10.0  # largest factor on the slider of softmax twice
_MEANS_FROM = 10_000  # images for the means, which look the same as the means of all images


@st.cache_resource(show_spinner=False, max_entries=2)
def _layer(source: str, _data: Mnist) -> tuple[TemplateLayer, np.ndarray]:
    means = mean_images(_data.train[:_MEANS_FROM])
    return make_template_layer(means), means


def scores(example: Example) -> np.ndarray:
    """The ten logits of the layer made from mean images, to two decimals: float64 (10,)."""
    layer, _ = _layer(example.data.source.sentence, example.data)
    return layer.scores(example.image[None])[0].astype(np.float64).round(2)


def by_hand(example: Example) -> None:
    """Softmax with every number."""
    st.markdown(
        "The last layer computes one number for each class, a **logit**. A logit can be any number. **Softmax** "
        "turns the "
        "ten logits into probabilities that sum to 1, like this: raise *e* to the power of each logit, add "
        "the ten "
        "results, divide each result by the sum."
    )
    raised, scaled = _knobs(example)
    logits = scores(example) * scaled
    logits[example.label] += raised
    answer = softmax_steps(logits)
    how = draw.Bars(high="15rem")
    bars = draw.bars(answer.shares, example.names, on=example.label, title="Probabilities", how=how)
    show(draw.line(_arithmetic(answer, example), bars, top=True), _templates(example))
    st.markdown(
        f"{_verdict(answer.shares, example)} The ten probabilities sum to {answer.shares.sum():.6f}. "
        "If one logit is larger than another by 1, its probability is *e* = 2.718 times as large. Adding the same "
        "number "
        "to all ten logits changes nothing."
    )
    left, right = st.columns(2)
    with left:
        before_after({"logits": answer.scores}, {"probabilities": answer.shares})
        code(
            "powers = np.exp(logits)  # NumPy",
            "probabilities = powers / powers.sum()",
            "keras.ops.softmax(logits)  # Keras",
            'keras.layers.Dense(10, activation="softmax")  # or as the last layer',
        )
    with right, wrong("softmax"):
        _overflow(answer.scores)


def _verdict(shares: np.ndarray, example: Example) -> str:
    """The class with the highest probability, and whether it is right."""
    found = np.flatnonzero(np.isclose(shares, shares.max(), rtol=1e-9))
    best = [example.names[place] for place in found]
    if len(best) > 1:
        return f"{', '.join(best[:-1])} and {best[-1]} have the same probability, so there is no prediction."
    verdict = "which is right" if found[0] == example.label else f"but the image shows a {example.name}"
    return f"The prediction is **{best[0]}**, {verdict}."


def _knobs(example: Example) -> tuple[float, float]:
    left, right = st.columns(2)
    raised = left.slider(f"Add to the logit of {example.name}", -5.0, 5.0, 0.0, 0.5, key="prepare_raise")
    scaled = right.slider(
        "Multiply all logits by",
        0.0,
        4.0,
        1.0,
        0.25,
        key="prepare_scale",
        help="A higher factor makes the prediction more certain. With 0, all logits are equal.",
    )
    return raised, scaled


def _arithmetic(answer: SoftmaxSteps, example: Example) -> str:
    rows, total = [], answer.total
    for name, score, power, share in zip(example.names, answer.scores, answer.powers, answer.shares, strict=True):
        divided = f"{power:,.3f} ÷ {total:,.3f}"
        rows.append([f"<b>{escape(name)}</b>", f"{score:.2f}", f"{power:,.3f}", divided, f"{share:.2%}"])
    rows.append(["<b>sum</b>", "", f"<b>{answer.total:,.3f}</b>", "", f"<b>{answer.shares.sum():.2%}</b>"])
    head = [example.kind, "1. logit", "2. e to that power", "3. divided by the sum", "probability"]
    return draw.table(head, rows, numbers=(1, 2, 3, 4), on=example.label)


def _templates(example: Example) -> str:
    _, means = _layer(example.data.source.sentence, example.data)
    pictures = draw.line(
        *(
            draw.picture(mean.astype(np.uint8), 46, f"The mean of all images of {name}", escape(name))
            for name, mean in zip(example.names, means, strict=True)
        )
    )
    return (
        f"{pictures}<p class='note'>These logits come from a layer that was not trained. Its weights are the mean "
        f"image of each {example.kind}: the closer your image is to a mean image, the higher the logit. "
        f"{'It gets about 80% of MNIST right. ' if example.data.shows_digits else ''}Training does much better.</p>"
    )


def _overflow(logits: np.ndarray) -> None:
    large = logits + 100
    naive, safe = softmax_overflow(large)
    st.markdown(
        "**Large logits.** Add 100 to all ten logits. In theory nothing changes. But now the highest logit is "
        f"{large.max():.2f}, *e* to that power is {math.exp(large.max()):.1e}, and the largest float32 is 3.4e+38. The "
        "result is **inf**, inf ÷ inf is **nan** (not a number), and the training fails. The solution is to "
        "subtract the "
        "highest logit first. Keras does this."
    )
    show(
        "<div class='scroll'>",
        draw.matrix(naive, written="{:.2f}", title="np.exp(s) / np.exp(s).sum()", on=np.isnan(naive), small=True),
        draw.matrix(safe, written="{:.2f}", title="the same with s = s - s.max() first", small=True),
        "</div>",
    )


def twice(example: Example) -> None:
    """Softmax applied twice, a mistake from a real tutorial."""
    st.markdown(
        "One tutorial trains a network that already ends with softmax. Then it adds another Softmax layer to “get "
        "probabilities”. The inputs of the second softmax are all between 0 and 1, so its outputs are almost equal:"
    )
    sure = st.slider("How certain is the network? Multiply the logits by", 0.0, _SUREST, 4.0, 0.5, key="prepare_sure")
    once = softmax(scores(example) * sure)
    again, at_the_end = softmax(once), softmax(softmax(scores(example) * _SUREST)).max()
    best = int(once.argmax())
    show(
        draw.line(
            draw.bars(once, example.names, on=best, title="Softmax once"),
            "→",
            draw.bars(again, example.names, on=best, title="Softmax twice"),
        )
    )
    st.markdown(
        f"Every bar stays between **{SOFTMAX_OF_ZERO:.1%}** and **{SOFTMAX_OF_ONE:.1%}**, however certain the "
        f"network is. "
        f"At the right end of the slider the highest bar of this image is **{at_the_end:.1%}**. Here is why. The most "
        "certain prediction, one 1 and nine 0s, becomes:"
    )
    show(
        draw.table(
            ["", "e to that power", "divided by the sum", "probability"],
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
        st.markdown("Use softmax in the last layer, or logits and a loss with `from_logits=True`. Never both:")
        code(
            'keras.layers.Dense(10, activation="softmax")',
            'model.compile(loss="categorical_crossentropy")',
            "# or",
            "keras.layers.Dense(10)",
            "model.compile(loss=keras.losses.CategoricalCrossentropy(from_logits=True))",
        )
    with right, wrong("twice"):
        st.markdown(
            "**Nobody notices.** The order of the digits stays the same, so the **accuracy is the same**. But every "
            "prediction looks like a guess, and the loss cannot fall below "
            f"−ln {SOFTMAX_OF_ONE:.3f} = **{-math.log(SOFTMAX_OF_ONE):.2f}**. If your bars stop at "
            f"{SOFTMAX_OF_ONE:.0%}, or "
            f"your loss at {-math.log(SOFTMAX_OF_ONE):.2f}, look for a second softmax. "
            f"(A guess gives {1 / NUM_CLASSES:.0%} and {math.log(NUM_CLASSES):.2f}.)"
        )

"""The step for the loss: cross-entropy with two forms of one label."""

import base64
import math
from html import escape

import numpy as np
import streamlit as st

from core.digits import NUM_CLASSES
from core.lesson.arithmetic import (
    KERAS_EPSILON,
    cross_entropy,
    cross_entropy_of_share,
    one_hot,
    softmax,
    sparse_cross_entropy,
)
from core.lesson.tensors import ArrayInfo
from pages.parts.prepare import lesson_pictures as draw
from pages.parts.prepare.lesson import Example, before_after, code, show, wrong
from pages.parts.prepare.softmax_step import scores
from pages.shared import palette

_WIDE, _HIGH, _TOP = 420, 210, 5.0  # of the curve: its size, and the loss at its top
_LABEL = 255  # width of "probability 81.3%: loss 0.21"


def two_forms(example: Example) -> None:
    """Categorical and sparse categorical cross-entropy of the same prediction."""
    st.markdown(
        "The **loss** measures how wrong a prediction is. **Cross-entropy** takes the probability of the true "
        "class and "
        "computes minus its logarithm. A certain, correct prediction has loss 0. A guess (10%) has loss 2.30. A "
        "certain, wrong prediction has an infinite loss."
    )
    probabilities = softmax(scores(example))[None]
    label = np.array([example.label])
    target, right = one_hot(label), float(probabilities[0, example.label])
    losses = cross_entropy(target, probabilities)[0], sparse_cross_entropy(label, probabilities)[0]
    bars = draw.bars(probabilities[0], example.names, on=example.label, title="The prediction")
    show(draw.line(bars, _curve(right), top=True))
    st.markdown("### Two forms of the same label")
    left, side = st.columns(2)
    with left:
        show(_sum_of_ten(probabilities[0], target[0], example, losses[0]))
    side.markdown(
        f"**Sparse categorical** uses the label as a number, {example.label_text}. It looks up probability "
        f"{example.label} of the prediction and computes minus its logarithm:\n\n"
        f"**−ln {right:.4f} = {losses[1]:.4f}**\n\n"
        f"{'The same number.' if math.isclose(*losses) else ''} In the other form, nine of the ten products are 0."
    )
    n = len(example.train)
    with left:
        before_after(
            {"labels, sparse": example.train.labels},
            {"labels, one-hot": ArrayInfo((n, NUM_CLASSES), "float32", 0.0, 1.0, n * NUM_CLASSES * 4)},
        )
        code(
            "# labels as numbers: 5 0 4 1 9 …",
            'model.compile(loss="sparse_categorical_crossentropy")',
            "",
            "# labels from keras.utils.to_categorical(y, 10)",
            'model.compile(loss="categorical_crossentropy")',
            "",
            "-np.log(probabilities[label])             # sparse",
            "-(one_hot * np.log(probabilities)).sum()  # categorical",
        )
    with side, wrong("loss"):
        st.markdown(
            "**The wrong form.** Keras stops with an error. One-hot labels and the sparse loss: *Argument `output` "
            "must "
            "have rank (ndim) `target.ndim - 1`.* Plain labels and the categorical loss: *Arguments `target` and "
            "`output` must have the same rank (ndim).* Both mean that the labels have the other form."
        )
        st.markdown(
            "**A probability of 0.** −ln 0 is infinite, and one such image would make the mean loss infinite. If a "
            "Keras "
            f"loss gets only probabilities, as from `predict`, it raises them to at least {KERAS_EPSILON:g}. One image "
            f"then costs at most {cross_entropy_of_share(0):.2f}. With TensorFlow, `fit` and `evaluate` compute "
            f"the loss "
            "from the logits before the softmax and need no such limit: one image may cost 50. Digit Lab always "
            "computes "
            "it from the logits, also with JAX, where Keras itself uses the limit."
        )


def _sum_of_ten(probabilities: np.ndarray, target: np.ndarray, example: Example, loss: float) -> str:
    """−Σ target · ln probability, one row per class."""
    rows = []
    for name, on, share in zip(example.names, target, probabilities, strict=True):
        log = math.log(share)
        rows.append([f"<b>{escape(name)}</b>", f"{on:.0f}", f"{share:.4f}", f"{log:.4f}", f"{-on * log + 0:.4f}"])
    rows.append(["<b>sum</b>", "1", "1.0000", "", f"<b>{loss:.4f}</b>"])
    head = [example.kind, "one-hot label", "probability", "ln probability", "− label · ln probability"]
    return "<p><b>Categorical</b> uses the label as a one-hot row and multiplies all ten pairs:</p>" + draw.table(
        head, rows, numbers=(1, 2, 3, 4), on=example.label
    )


def _curve(share: float) -> str:
    """The curve of −ln p from 0 to 1, with a dot for this prediction."""
    points = np.linspace(np.exp(-_TOP), 1, 160)
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in map(_place, points))
    x, y = _place(max(share, float(points[0])))
    label = f"probability {share:.1%}: loss {-math.log(share):.2f}"
    left = min(x + 10, _WIDE + 20 - _LABEL)
    above = min(y, _place((left - 30) / (_WIDE - 30))[1]) - 10  # so that the curve does not cross it
    texts = "".join(
        f"<text x='{_place(p)[0]:.0f}' y='{_HIGH + 16}' text-anchor='middle' font-size='12'>{p:.0%}</text>"
        for p in (0.1, 0.25, 0.5, 0.75, 1.0)
    )
    lines = "".join(
        f"<line x1='30' x2='{_WIDE}' y1='{_at(v):.0f}' y2='{_at(v):.0f}' opacity='.2'/>"
        f"<text x='24' y='{_at(v) + 4:.0f}' text-anchor='end' font-size='12' stroke='none'>{v}</text>"
        for v in range(int(_TOP) + 1)
    )
    colour = palette.ink()
    svg = (
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {_WIDE + 20} {_HIGH + 22}' "
        f"font-family='sans-serif' fill='{colour}'><g stroke='{colour}'>{lines}</g>"
        f"<polyline points='{path}' fill='none' stroke='#635bff' stroke-width='3'/>{texts}"
        f"<circle cx='{x:.1f}' cy='{y:.1f}' r='6' fill='#2e9e5b'/>"
        f"<text x='{left:.0f}' y='{max(above, 16):.0f}' "
        f"font-size='16' font-weight='700'>{label}</text></svg>"
    )
    source = f"data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()}"
    alt = f"The curve of minus the logarithm falls from infinity at 0 to 0 at 100%; {label}"
    return (
        f"<figure class='curve'><img src='{source}' alt='{alt}'>"
        "<figcaption>probability of the true class → loss</figcaption></figure>"
    )


def _place(share: float) -> tuple[float, float]:
    return 30 + (_WIDE - 30) * share, _at(-math.log(share))


def _at(loss: float) -> float:
    return _HIGH - (_HIGH - 8) * loss / _TOP

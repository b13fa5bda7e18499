"""The lesson's steps for answers: softmax, cross-entropy, softmax by mistake twice, and what Keras prints."""

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from core.digits import CLASSES
from core.preparation import cross_entropy, one_hot, softmax, sparse_cross_entropy
from pages.shared import explore_traits, palette
from pages.shared.lesson import Example, code, facts, matrix, side_by_side


def scores(example: Example) -> np.ndarray:
    """Ten scores for the digit: how much nearer it is to each mean image than to the farthest, float64 (10,)."""
    means, _ = explore_traits.means(example.data, "train")
    distances = np.square((example.image - means) / 255).sum(axis=(1, 2))
    return ((distances.max() - distances) / 8).astype(np.float64)


def by_hand(example: Example) -> None:
    """Softmax with the arithmetic shown."""
    st.markdown(
        "The last layer gives ten **scores** (logits), of any size and sign. Softmax makes probabilities of them: "
        "raise *e* to each, then divide by the sum. Here the scores say how near this digit is to the mean image of "
        "each digit; a trained network gives better ones."
    )
    logits = scores(example).round(2)
    powers, probabilities = np.exp(logits), softmax(logits)
    rows = [
        f"| **{digit}** | {score:.2f} | e^{score:.2f} = {power:.3f} | {power:.3f} ÷ {powers.sum():.3f} = "
        f"**{probability:.1%}** |"
        for digit, (score, power, probability) in enumerate(zip(logits, powers, probabilities, strict=True))
    ]
    left, right = st.columns(2)
    left.markdown("\n".join(["| digit | score | to the power | probability |", "|---|---|---|---|", *rows]))
    right.plotly_chart(bars(probabilities, example.label), key="prepare_softmax", alt="The ten probabilities as bars")
    facts({"before": logits, "after": probabilities})
    st.caption(f"The ten probabilities sum to {probabilities.sum():.6f}.")
    code("probabilities = np.exp(scores) / np.exp(scores).sum()  # NumPy", "keras.activations.softmax(scores)  # Keras")


def two_forms(example: Example) -> None:
    """Categorical against sparse categorical cross-entropy on the same prediction."""
    probabilities = softmax(scores(example))[None]
    label = np.array([example.label])
    target = one_hot(label)
    st.markdown(
        "How bad is an answer? **Cross-entropy** takes the probability given to the right digit, and minus its "
        "logarithm: 0 for a sure right answer, 2.3 for a guess at 10 %, without end for a sure wrong one."
    )
    side_by_side([matrix(probabilities, written="{:.3f}", title="the answer", marks=target > 0)])
    side_by_side([matrix(target.astype(int), title="the label, one-hot", marks=target > 0)])
    right = probabilities[0, example.label]
    st.markdown(
        f"""
| | the label it takes | the sum | loss |
|---|---|---|---|
| **categorical** | one-hot row, `(n, 10)` | −Σ target · ln probability = −1 · ln {right:.4f} and nine times 0 | **{cross_entropy(target, probabilities)[0]:.4f}** |
| **sparse categorical** | number, `(n,)` | −ln {right:.4f} | **{sparse_cross_entropy(label, probabilities)[0]:.4f}** |

The same number. Only the shape of the labels differs, and with it the memory: ten numbers a label against one.
"""  # noqa: E501
    )
    facts({"labels, one-hot": one_hot(example.train.labels), "labels, sparse": example.train.labels})
    code(
        'model.compile(loss="categorical_crossentropy")  # labels through to_categorical',
        'model.compile(loss="sparse_categorical_crossentropy")  # labels as they are',
    )


def twice(example: Example) -> None:
    """Softmax applied twice, one tutorial's own mistake."""
    st.markdown(
        "One tutorial builds a network that already ends in a softmax, and then puts a Softmax layer on top to read "
        "probabilities. Probabilities lie between 0 and 1, so the second softmax never sees scores further than 1 "
        "apart, and flattens them:"
    )
    once = softmax(scores(example) * 3)
    again = softmax(once)
    left, right = st.columns(2)
    left.plotly_chart(
        bars(once, example.label, "softmax once"), key="prepare_once", alt="Softmax once: one bar is high"
    )
    right.plotly_chart(
        bars(again, example.label, "softmax twice"), key="prepare_twice", alt="Softmax twice: all bars low"
    )
    st.markdown(
        "The highest bar there can be belongs to one 1 among nine 0s: e ÷ (e + 9 · 1) = 2.718 ÷ 11.718 = **23.2 %**; "
        "the lowest then is 1 ÷ 11.718 = **8.5 %**. The order of the digits, and so the accuracy, stays right, "
        "which is why the mistake goes unseen; but every answer looks like a guess, and the loss can never fall below "
        "−ln 0.232 = 1.46."
    )
    facts({"softmax once": once, "softmax twice": again})
    code(
        'keras.layers.Dense(10, activation="softmax")  # either softmax in the last layer …',
        "keras.losses.CategoricalCrossentropy(from_logits=True)  # … or scores, and the loss told so; never both",
    )


def bars(probabilities: np.ndarray, truth: int, title: str = "") -> go.Figure:
    """Ten bars in percent; the right digit's stands out."""
    colours = [palette.RIGHT if digit == truth else "#8c8c8c" for digit in range(CLASSES)]
    percent = 100 * probabilities
    text = [f"{value:.1f}" for value in percent]
    figure = go.Figure(go.Bar(x=[str(d) for d in range(CLASSES)], y=percent, marker_color=colours, text=text))
    figure.update_layout(height=280, margin={"l": 8, "r": 8, "t": 32 if title else 8, "b": 8}, title=title)
    figure.update_yaxes(range=[0, 108], ticksuffix=" %", fixedrange=True)
    figure.update_xaxes(type="category", fixedrange=True)
    return figure


def verbosity(example: Example) -> None:
    """What Keras prints while it trains, for verbose 0, 1 and 2."""
    st.markdown(
        "`fit` says how it is going as often as `verbose` asks. These lines were printed by Keras 3.15.1 while it "
        "trained on MNIST for two epochs; the weights it ends with are the same each time."
    )
    for verbose, words, printed in _PRINTED:
        st.markdown(f"**verbose={verbose}**: {words}")
        st.code(printed, language=None, wrap_lines=True)
    st.markdown(
        "Read a line from the left: epoch; batches done of batches in all (60,000 images ÷ 32 = 1,875); time; accuracy "
        "and loss on the training images, averaged over the epoch so far; then the same on the validation images, "
        "measured once at the epoch's end. In files and logs use 2: a progress bar redraws its line again and again."
    )
    code("history = model.fit(x_train, y_train, epochs=2, verbose=2, validation_data=(x_test, y_test))")


_PRINTED = (
    (0, "nothing. Ask the `history` that `fit` returns.", "(silence)"),
    (1, "a progress bar a line, redrawn at every batch. The default in a terminal.", "TODO1"),
    (2, "one line an epoch.", "TODO2"),
)

"""Prepare: how a network learns. A neuron, the gradient, one step by hand and the learning rate, computed in NumPy."""

import numpy as np
import streamlit as st

from core.data.class_names import Names
from core.lesson import one_step
from core.lesson.one_step import HIDDEN, ForwardPass, TinyNetwork
from pages.parts.prepare import lesson_pictures as draw
from pages.parts.prepare.learning_parts import WIDE, choose_steps, heat_map, loss_chart, reset, show_pass, square
from pages.parts.prepare.lesson import Example, before_after, code, show, wrong
from pages.shared.diverging import picture

_RATE, _UNIT = "prepare_learning_rate", "prepare_unit"
_RATES = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0)
_BATCH = 32  # images of the learning-rate lesson
_COMPARED = (0.003, 0.1, 3.0, 30.0)


def neuron(example: Example) -> None:
    """One hidden unit: 784 products, their sum, the bias and relu."""
    st.markdown(
        "A **neuron** (a unit) has one weight for each pixel. It multiplies each pixel by its weight, adds the 784 "
        "products and a bias, and passes the sum on if it is above 0 (**relu**)."
    )
    network, forward_pass = _untrained(example)
    unit = _choose_unit(forward_pass)
    weights = network.hidden_weights[:, unit]
    products = forward_pass.pixels[0] * weights
    total, output = forward_pass.sums[0, unit], forward_pass.activations[0, unit]
    show(
        draw.line(
            draw.picture(example.image, WIDE, f"The image, a {example.name}", "pixels, 0 to 1"),
            "×",
            draw.picture(picture(square(weights)), WIDE, f"Weights of unit {unit}", "weights"),
            "=",
            draw.picture(picture(square(products)), WIDE, "Pixels times weights", "products"),
            f"sum {products.sum():+.3f}",
        )
    )
    before_after({"pixels": forward_pass.pixels, "weights": network.hidden_weights}, {"sums": forward_pass.sums})
    st.markdown(
        f"**w · x + b** = {products.sum():+.4f} + {network.hidden_bias[unit]:.1f} = **{total:+.4f}**. "
        f"After relu: **{output:.4f}**{'.' if output else ', because the sum is below 0.'} "
        "Red weights: ink here raises this unit. Blue weights: ink here lowers it."
    )
    left, right = st.columns(2)
    with left:
        code("x = image.reshape(784) / 255", f"z = x @ W[:, {unit}] + b[{unit}]   # {total:+.4f}", "a = max(z, 0)")
        code('keras.layers.Dense(16, activation="relu")  # 16 such neurons')
    with right, wrong("neuron"):
        st.markdown(
            "If a neuron's sum is below 0 for **every** image, its output is always 0. It is **dead**: no gradient "
            "passes it, so its weights never change again. A learning rate that is too high can do that."
        )


def gradient(example: Example) -> None:
    """From the prediction back to every weight."""
    st.markdown(
        "The **gradient** says for each weight how fast the loss rises if the weight rises. Training moves each weight "
        "against its gradient. The computation starts at the end and goes back layer by layer (**backpropagation**)."
    )
    network, forward_pass = _untrained(example)
    labels = _labels(example)
    slopes = one_step.backward(network, forward_pass, labels)
    error = slopes.output_bias
    show(
        draw.line(
            draw.bars(forward_pass.probabilities[0], example.names, on=example.label, title="1. Prediction"),
            draw.bars(
                np.eye(10)[example.label],
                example.names,
                on=example.label,
                title="2. Target",
                how=draw.Bars(written="{:.0f}"),
            ),
            top=True,
        )
    )
    st.markdown(
        f"**3. Prediction − target** is the gradient at the ten logits: {_listed(error, example.names)}. It is "
        f"negative for {example.name}, so the step raises that logit, and positive for the others, so it lowers them."
    )
    unit = _choose_unit(forward_pass)
    back = float(network.output_weights[unit] @ error)
    open_gate = bool(forward_pass.sums[0, unit] > 0)
    st.markdown(
        f"**4. Back to unit {unit}**: the ten errors times its ten output weights, summed: {back:+.4f}. "
        + (
            "Its sum is above 0, so relu passes the gradient."
            if open_gate
            else "Its sum is below 0, so relu stops it: 0."
        )
    )
    show(
        draw.line(
            draw.picture(example.image, WIDE, f"The image, a {example.name}", "pixels"),
            f"× {back if open_gate else 0:+.3f} =",
            draw.picture(
                picture(square(slopes.hidden_weights[:, unit])),
                WIDE,
                f"Gradient of the weights of unit {unit}",
                f"5. gradient of unit {unit}'s weights",
            ),
        )
    )
    before_after({"weights": network.hidden_weights}, {"their gradient": slopes.hidden_weights})
    st.caption("The gradient of a weight is its pixel times the unit's error. A pixel without ink changes no weight.")
    left, right = st.columns(2)
    with left:
        code(
            "d_logits = probabilities - one_hot",
            "d_hidden = (W2 @ d_logits) * (z > 0)",
            "d_W2 = np.outer(a, d_logits)",
            "d_W1 = np.outer(x, d_hidden)",
        )
    with right, wrong("gradient"):
        st.markdown(
            "In a deep network with sigmoid units each layer multiplies the gradient by 0.25 at most. After ten layers "
            "a millionth is left, and the first layers hardly learn: **vanishing gradients**. relu multiplies by 1."
        )


def by_hand(example: Example) -> None:
    """One image through 784 → 16 → 10, the loss, the way back, and the weights before and after."""
    st.markdown(
        "One image goes through a network of **784 → 16 → 10** numbers. The loss says how wrong the prediction is, the "
        "gradient says which way to go, and the **step** is: weight − learning rate × gradient. Press the buttons."
    )
    rate = st.select_slider(
        "Learning rate", _RATES, 0.1, key=_RATE, format_func=lambda rate: f"{rate:g}", on_change=reset, args=(example,)
    )
    taken = choose_steps(example)
    network, forward_pass = _untrained(example)
    labels = _labels(example)
    before = one_step.train(network, example.image[None], labels, rate, max(taken - 1, 0))
    now = one_step.forward(before.network, example.image[None], labels)
    slopes = one_step.backward(before.network, now, labels)
    after = before.network.take_step(slopes, rate)
    then = one_step.forward(after, example.image[None], labels)
    losses = (*before.losses, then.loss) if taken else before.losses
    shown = then if taken else forward_pass
    unit = one_step.most_active_unit(forward_pass)
    show_pass(example, shown, taken)
    st.markdown(f"### The weights of unit {unit}: before step {max(taken, 1)}, gradient, after")
    show(
        draw.line(
            heat_map(before.network, unit, "before"),
            f"− {rate:g} ×",
            draw.picture(picture(square(slopes.hidden_weights[:, unit])), WIDE, "Gradient", "gradient"),
            "=",
            heat_map(after, unit, "after"),
        )
    )
    before_after({"weights before": before.network.hidden_weights}, {"weights after": after.hidden_weights})
    st.caption("Each picture has its own colour scale. Red is positive, blue is negative.")
    st.plotly_chart(
        loss_chart({f"learning rate {rate:g}": losses}),
        key="prepare_step_losses",
        config={"displayModeBar": False},
        alt=f"Loss after each of {taken} steps: from {losses[0]:.4f} to {losses[-1]:.4f}",
    )
    left, right = st.columns(2)
    with left:
        code(
            "for name in weights:",
            f"    weights[name] -= {rate:g} * gradients[name]",
            "",
            f"keras.optimizers.SGD({rate:g})  # the same rule",
        )
    with right, wrong("one_step"):
        st.markdown(
            "After 100 steps on **one** image the network knows this image and nothing else: it predicts "
            f"{example.name} for almost every image. That is why training uses thousands of images, in batches."
        )


def learning_rate(example: Example) -> None:
    """The same start and the same images with four learning rates."""
    images = example.train.images[_batch(example)]
    labels = example.train.labels[_batch(example)]
    st.markdown(
        "The **learning rate** is the size of each step. Here the same network takes 100 steps on the same "
        f"{len(images)} images, with four learning rates. Too small: the loss hardly falls. Too large: each step "
        "overshoots."
    )
    runs = {f"{rate:g}": one_step.train(one_step.untrained(), images, labels, rate, 100).losses for rate in _COMPARED}
    st.plotly_chart(
        loss_chart(runs, "learning rate "),
        key="prepare_rates",
        config={"displayModeBar": False},
        alt="; ".join(f"learning rate {name}: loss {losses[-1]:.3f} at the end" for name, losses in runs.items()),
    )
    lines = [
        f"* **{name}**: loss {losses[0]:.2f} → {losses[-1]:.2f}, highest {max(losses):.2f}"
        for name, losses in runs.items()
    ]
    trained = one_step.train(one_step.untrained(), images, labels, 0.1, 100).network
    before_after(
        {"weights before": one_step.untrained().hidden_weights}, {"after 100 steps of 0.1": trained.hidden_weights}
    )
    left, right = st.columns(2)
    left.markdown("\n".join(lines))
    with left:
        code("keras.optimizers.SGD(learning_rate=0.1)", "keras.optimizers.Adam(learning_rate=0.001)")
        st.page_link(
            "pages/train.py",
            label="Try it on Train with a rate of 10",
            icon=":material/model_training:",
            query_params={"optimizer": "sgd", "learning_rate": "10"},
        )
    with right, wrong("learning_rate"):
        st.markdown(
            "If the loss jumps up or becomes **NaN**, divide the learning rate by ten. If it falls very slowly, "
            "multiply it by ten. Adam and RMSprop scale each step themselves, so they need smaller rates: about 0.001."
        )


def _choose_unit(forward_pass: ForwardPass) -> int:
    return int(
        st.select_slider(
            "Hidden unit", range(HIDDEN), one_step.most_active_unit(forward_pass), key=_UNIT, persist_state="session"
        )
    )


def _untrained(example: Example) -> tuple[TinyNetwork, ForwardPass]:
    network = one_step.untrained()
    return network, one_step.forward(network, example.image[None], _labels(example))


def _labels(example: Example) -> np.ndarray:
    return np.array([example.label])


def _batch(example: Example) -> np.ndarray:
    """The positions of the chosen image and those after it."""
    return (example.index + np.arange(min(_BATCH, len(example.train)))) % len(example.train)


def _listed(values: np.ndarray, names: Names) -> str:
    return ", ".join(f"{name}: {value:+.2f}" for name, value in zip(names, values, strict=True))

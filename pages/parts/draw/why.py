"""Why the network predicts this digit: the ink that matters, the activations of each layer, and the softmax."""

import numpy as np
import streamlit as st

from core.drawing.normalise import NormalisedDrawing
from core.lesson.arithmetic import softmax_steps
from core.network import explain
from pages.parts.draw.network_choice import NetworkChoice
from pages.shared import diverging


def show(network: NetworkChoice, drawn: NormalisedDrawing, probabilities: np.ndarray) -> None:
    """Two maps over the strokes, the layers, and the softmax."""
    best = int(probabilities.argmax())
    digit = st.segmented_control(
        "Explain the digit",
        list(range(10)),
        default=best,
        required=True,
        format_func=network.names.__getitem__,
        key=f"draw_why_{best}",
    )
    occlusion, saliency = st.columns(2)
    with occlusion:
        lost = explain.occlusion(network.reader, drawn.digit, digit)
        st.image(_over(lost, drawn.digit), width=280, output_format="PNG", alt="Occlusion map")
        st.caption(
            f"**Occlusion**: how much the probability of {network.names[digit]} falls when a 5×5 square around the "
            "pixel is erased. Red: it falls. Blue: it rises."
        )
    with saliency:
        slope = explain.saliency(network.reader, drawn.digit, digit)
        st.image(_over(slope, drawn.digit), width=280, output_format="PNG", alt="Saliency map")
        st.caption(
            f"**Saliency**: red where more ink raises the logit of {network.names[digit]}, blue where it lowers it."
        )
    with st.expander("The softmax in numbers", icon=":material/calculate:"):
        _arithmetic(network, drawn.digit)
    with st.expander("Activations of each layer", icon=":material/layers:"):
        _layers(network, drawn.digit)


def _over(values: np.ndarray, digit: np.ndarray) -> np.ndarray:
    """The map in colour over the digit's strokes: uint8 (280, 280, 3)."""
    coloured = diverging.picture(values).astype(np.float32)
    ink = digit[..., None] / 255 * 0.35
    return np.kron((coloured * (1 - ink) + 128 * ink).astype(np.uint8), np.ones((10, 10, 1), np.uint8))


def _arithmetic(network: NetworkChoice, digit: np.ndarray) -> None:
    logits = network.reader.logits(digit[None])[0].astype(float)
    steps = softmax_steps(logits - logits.max())
    st.dataframe(
        {
            "digit": network.names,
            "logit": logits.round(3),
            "e^(logit − largest)": steps.powers.round(6),
            "probability": steps.shares.round(6),
        },
        hide_index=True,
        width="content",
    )
    st.caption(f"The powers add up to {steps.total:.6f}. Each power divided by this sum is the probability.")


def _layers(network: NetworkChoice, digit: np.ndarray) -> None:
    for name, values in explain.activations(network.reader, digit):
        flat = values if values.ndim == 3 else values.reshape(1, -1)
        st.image(_picture(flat), output_format="PNG", width="stretch", alt=f"Activations of {name}")
        alive = float((values > 0).mean())
        st.caption(f"{name}: {' × '.join(map(str, values.shape))}, {alive:.0%} of the values are above zero")


def _picture(values: np.ndarray) -> np.ndarray:
    """Maps side by side, (h, w, maps) → uint8; a row of units as a strip."""
    scaled = np.clip(values / (np.abs(values).max() or 1), 0, 1) * 255
    if values.ndim == 2:
        return np.kron(scaled, np.ones((12, max(1, 640 // values.shape[1])))).astype(np.uint8)
    shown = np.concatenate([np.pad(scaled[..., i], 1) for i in range(min(values.shape[2], 24))], axis=1)
    return np.kron(shown, np.ones((2, 2))).astype(np.uint8)

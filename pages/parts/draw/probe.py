"""Probe: change the digit step by step and watch the ten probabilities."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from core.augment import distortions
from core.data.class_names import Names
from core.drawing.normalise import NormalisedDrawing
from pages.parts.draw.network_choice import NetworkChoice
from pages.shared import palette
from pages.shared.softmax import answer, softmax_bars

STEPS = 41


@dataclass(frozen=True)
class Probe:
    """One change: its slider, and a function that applies one amount to each of n copies of a digit."""

    label: str
    low: float
    high: float
    unit: str
    change: Callable[[np.ndarray, np.ndarray], np.ndarray]
    neutral: float = 0.0


def _with_fixed_seed(distortion: Callable[..., np.ndarray]) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    """The same seed for each amount, so that the curve shows the amount and not chance."""

    def change(images: np.ndarray, amounts: np.ndarray) -> np.ndarray:
        pairs = zip(images, amounts, strict=True)
        return np.concatenate([distortion(image[None], amount, np.random.default_rng(0)) for image, amount in pairs])

    return change


PROBES = {
    "rotate": Probe("Rotate", -180, 180, "°", distortions.rotate),
    "shift": Probe("Shift", -12, 12, "px to the right", lambda x, a: distortions.shift(x, a, 0)),
    "scale": Probe("Scale", 0.3, 2, "×", distortions.zoom, 1.0),
    "thicken": Probe("Thicken", -2, 2, "px", distortions.thicken),
    "blur": Probe("Blur", 0, 4, "px", distortions.blur),
    "noise": Probe("Noise", 0, 1, "of full ink", _with_fixed_seed(distortions.add_noise)),
    "cover": Probe("Cover", 0, 24, "px square", _with_fixed_seed(distortions.cover)),
}


def show(network: NetworkChoice, drawn: NormalisedDrawing, probabilities: np.ndarray) -> None:
    """The change, its amount, and the curve."""
    name = st.segmented_control(
        "Change", list(PROBES), format_func=lambda n: PROBES[n].label, default="rotate", required=True, key="draw_probe"
    )
    probe = PROBES[name]
    amounts = np.linspace(probe.low, probe.high, STEPS)
    chosen, curve = st.columns([2, 3], gap="large")
    with chosen:
        amount = st.select_slider(
            f"{probe.label}, {probe.unit}",
            [round(float(a), 3) for a in amounts],
            float(amounts[np.abs(amounts - probe.neutral).argmin()].round(3)),
            key=f"draw_probe_{name}",
        )
        at = int(np.abs(amounts - amount).argmin())
        images = probe.change(np.repeat(drawn.digit[None], STEPS, axis=0), amounts)
        shares = network.reader.probabilities(images)
        st.image(np.kron(images[at], np.ones((5, 5), np.uint8)), output_format="PNG", alt="The changed digit")
        st.markdown(f"**{answer(shares[at], names=network.names)}**")
        softmax_bars(shares[at], names=network.names)
    with curve:
        figure = _curves(amounts, shares, amount, f"{probe.label} ({probe.unit})", network.names)
        alt = f"Ten probabilities against {probe.label.lower()}"
        st.plotly_chart(figure, key="draw_probe_curve", config={"displayModeBar": False}, alt=alt)


def _curves(amounts: np.ndarray, shares: np.ndarray, amount: float, label: str, names: Names) -> go.Figure:
    figure = go.Figure()
    for digit in range(10):
        prominent = shares[:, digit].max() > 0.05
        line = go.Scatter(
            x=amounts,
            y=shares[:, digit],
            name=names[digit],
            mode="lines",
            line={"color": palette.DIGITS[digit], "width": 2.5 if prominent else 1},
            opacity=1 if prominent else 0.3,
        )
        figure.add_trace(line)
    figure.add_vline(amount, line_dash="dot")
    figure.update_layout(
        height=380,
        margin={"l": 10, "r": 10, "t": 10, "b": 10},
        xaxis_title=label,
        yaxis={"title": "Probability", "range": [0, 1.02], "tickformat": ".0%"},
        legend={"orientation": "h", "y": 1.1},
    )
    return figure

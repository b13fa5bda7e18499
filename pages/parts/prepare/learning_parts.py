"""Parts of the steps about learning: the buttons that take steps, heat maps of weights, and the chart of the loss."""

from functools import partial

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from core.digits import SIDE
from core.lesson.one_step import HIDDEN, ForwardPass, TinyNetwork
from pages.parts.prepare import lesson_pictures as draw
from pages.parts.prepare.lesson import Example, show
from pages.shared import palette
from pages.shared.diverging import picture

WIDE = 150  # pixels of a heat map on screen
_TAKEN = "prepare_steps_taken"
_MAX_STEPS = 2000
_MIN_STEPS = 10  # on the axis of the loss


def choose_steps(example: Example) -> int:
    """How many steps were taken on this image; the buttons add to it."""
    steps = st.session_state.setdefault(_TAKEN, {})
    taken = int(steps.get(example.index, 0))
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        for count in (1, 10, 100):
            st.button(
                f"{count} step{'s' if count > 1 else ''}",
                icon=":material/skip_next:" if count == 1 else ":material/fast_forward:",
                type="primary" if count == 1 else "secondary",
                key=f"prepare_take_{count}",
                on_click=partial(_take, example.index, count),
                disabled=taken >= _MAX_STEPS,
            )
        st.button(
            "Start again", icon=":material/replay:", key="prepare_take_none", on_click=reset, args=(example,),
            disabled=not taken,
        )  # fmt: skip
        st.markdown(f"**{taken:,}** step{'' if taken == 1 else 's'} taken")
    return taken


def _take(index: int, count: int) -> None:
    steps = st.session_state.setdefault(_TAKEN, {})
    steps[index] = min(steps.get(index, 0) + count, _MAX_STEPS)


def reset(example: Example) -> None:
    st.session_state.setdefault(_TAKEN, {}).pop(example.index, None)


def loss_chart(runs: dict[str, tuple[float, ...]], prefix: str = "") -> go.Figure:
    figure = go.Figure()
    for (name, losses), colour in zip(runs.items(), palette.DIGITS, strict=False):
        figure.add_scatter(
            x=np.arange(len(losses)), y=losses, name=f"{prefix}{name}", line={"color": colour},
            mode="lines+markers" if len(losses) < 30 else "lines", hovertemplate="step %{x}<br><b>loss %{y:.4f}</b>",
        )  # fmt: skip
    # Without a minimum, the axis of the first points would have parts of a step.
    figure.update_xaxes(title="step", rangemode="tozero", autorangeoptions={"include": [_MIN_STEPS]})
    highest = min(max(max(losses) for losses in runs.values()), 8.0)
    figure.update_yaxes(title="loss", range=[0, 1.05 * max(highest, 0.1)])
    figure.update_layout(
        height=280, margin={"l": 8, "r": 8, "t": 8, "b": 8}, legend={"orientation": "h", "y": 1.15},
        showlegend=len(runs) > 1,
    )  # fmt: skip
    return figure


def show_pass(example: Example, forward_pass: ForwardPass, taken: int) -> None:
    """The forward pass: image, 16 activations, ten probabilities, loss."""
    tallest = max(float(forward_pass.activations.max()), 1e-9)
    units = np.repeat(np.repeat(forward_pass.activations.reshape(4, 4) / tallest, 12, axis=0), 12, axis=1)
    after = f"after {taken:,} step{'' if taken == 1 else 's'}" if taken else "before the first step"
    show(
        draw.line(
            draw.picture(example.image, WIDE, f"The image, a {example.name}", "784 pixels"),
            "→",
            draw.picture(picture(units, 1.0), 96, f"The activations of {HIDDEN} units", f"{HIDDEN} units"),
            "→",
            draw.bars(
                forward_pass.probabilities[0], example.names, on=example.label, title=f"10 probabilities, {after}"
            ),
            top=False,
        )
    )
    probability = forward_pass.probabilities[0, example.label]
    st.markdown(
        f"**Loss** = −ln {probability:.4f} = **{forward_pass.loss:.4f}**, because the true "
        f"{example.kind} {example.name} has the probability {probability:.1%}."
    )


def square(values: np.ndarray) -> np.ndarray:
    return values.reshape(SIDE, SIDE)


def heat_map(network: TinyNetwork, unit: int, caption: str) -> str:
    return draw.picture(picture(square(network.hidden_weights[:, unit])), WIDE, f"Weights {caption}", caption)

"""Evaluate's inside: what the first layer looks for, what each layer makes of a digit, and which pixels decide."""

import numpy as np
import streamlit as st

from core.network import explain
from pages.parts.evaluate import image_list, unit_map
from pages.parts.evaluate.choice import Asked
from pages.shared import diverging

PARTS = {
    "digit": "Why this answer",
    "layers": "Layer by layer",
    "weights": "First weights",
    "map": "Map of the last layer",
    "dead": "Dead units",
}
MOST_TILES = 64
_LOOKED_AT = 2000  # images for the count of dead units and the map


def show(asked: Asked) -> None:
    part = st.pills(
        "Part",
        list(PARTS),
        default="digit",
        format_func=PARTS.__getitem__,
        required=True,
        key="evaluate_inside",
        persist_state="session",
        label_visibility="collapsed",
    )
    {"digit": _why, "layers": _layers, "weights": _weights, "map": unit_map.show, "dead": _dead}[part](asked)


def _why(asked: Asked) -> None:
    index = asked.opened()
    image, predicted = asked.digits.images[index], int(asked.answers.predicted[index])
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        digit = st.selectbox(
            "Ask about the digit", range(10), index=predicted, key=f"evaluate_why_{index}_{predicted}", width=170
        )
        window = st.slider("Size of the cover", 1, 9, 5, step=2, key="evaluate_window", width=260)
    slopes = explain.saliency(asked.reader, image, digit)
    losses = explain.occlusion(asked.reader, image, digit, window)
    drawn, saliency, occlusion = st.columns(3, gap="large")
    with drawn:
        st.image(image, width="stretch", output_format="PNG", alt="The digit")
        st.markdown(f"**The digit.** {asked.split} {index:,}, a {asked.digits.labels[index]}, read as {predicted}.")
        image_list.links(asked, index)
    with saliency:
        st.image(diverging.picture(slopes), width="stretch", output_format="PNG", alt=f"Saliency for {digit}")
        st.markdown(f"**Saliency.** Red: more ink here would speak for {digit}. Blue: against it.")
    with occlusion:
        st.image(diverging.picture(losses, 1.0), width="stretch", output_format="PNG", alt=f"Occlusion for {digit}")
        st.markdown(f"**Occlusion.** Red: with a cover here, the share of {digit} falls, by up to {losses.max():.0%}.")
    st.caption("Open another digit in Images, One digit, or by a cell of the matrix; it stays open here.")


def _layers(asked: Asked) -> None:
    index = asked.opened()
    st.markdown(f"What each layer makes of {asked.split} digit {index:,}, a **{asked.digits.labels[index]}**.")
    for name, values in explain.activations(asked.reader, asked.digits.images[index]):
        silent = float((values == 0).mean())
        shape = " × ".join(map(str, values.shape))
        st.markdown(f"**{name}** · {shape} · from {values.min():.2f} to {values.max():.2f} · {silent:.0%} silent")
        if values.ndim == 3:
            maps = np.moveaxis(values, -1, 0)[:MOST_TILES]
            st.image(
                diverging.tiles(diverging.picture(maps), 16 if len(maps) > 8 else 8),
                width="stretch" if len(maps) > 8 else 90 * len(maps),
                output_format="PNG",
                alt=f"The {len(maps)} maps of {name}",
            )
        else:
            _strip(name, values)


def _strip(name: str, values: np.ndarray) -> None:
    """Units as squares, 64 in a row."""
    across = min(64, len(values))
    squares = np.zeros(-(-len(values) // across) * across, np.float32)
    squares[: len(values)] = values
    st.image(
        diverging.picture(squares.reshape(-1, across)),
        width="stretch" if across == 64 else 24 * across,
        output_format="PNG",
        alt=f"The {len(values)} units of {name}",
    )


def _weights(asked: Asked) -> None:
    weights = explain.first_weights(asked.reader)
    order = np.argsort(-np.abs(weights).reshape(len(weights), -1).sum(axis=1), kind="stable")[:MOST_TILES]
    together = st.toggle("One colour scale for all", key="evaluate_scale", persist_state="session")
    side = "weights" if weights.shape[-1] < 28 else "pixels"
    st.markdown(
        f"Each tile is one unit of the first layer: where it is red it looks for ink, where it is blue for none. "
        f"{len(order)} of {len(weights)}, the strongest first, {weights.shape[1]} × {weights.shape[2]} {side} each."
    )
    chosen = weights[order]
    coloured = diverging.picture(chosen) if together else np.stack([diverging.picture(one) for one in chosen])
    st.image(diverging.tiles(coloured, 16), width="stretch", output_format="PNG", alt="First-layer weights as images")


def _dead(asked: Asked) -> None:
    images = asked.digits.images[:_LOOKED_AT]
    found = explain.dead_units(asked.reader, images)
    if not found:
        st.info("This network has no hidden layer whose units could die.")
        return
    st.markdown(
        f"A unit is **dead** if it gives the same value for every one of {len(images):,} images: it tells nothing, and "
        "with relu it learns nothing any more."
    )
    with st.container(horizontal=True, gap="large"):
        for name, dead, units in found:
            st.metric(name, f"{dead:,} of {units:,}", width="content")
    if sum(dead for _, dead, _ in found):
        st.caption("Many dead units: lower the learning rate, or try elu or gelu instead of relu.")

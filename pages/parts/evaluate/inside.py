"""Evaluate, Inside: what the first layer looks for, the output of each layer, and which pixels decide."""

import numpy as np
import streamlit as st

from core.network import explain
from core.network.dead_units import dead_units
from pages.parts.evaluate import image_list, unit_map
from pages.parts.evaluate.choice import Selection
from pages.shared import diverging

PARTS = {
    "digit": "Why this prediction",
    "layers": "Layer outputs",
    "weights": "First-layer weights",
    "map": "Map of the last layer",
    "dead": "Dead units",
}
MAX_TILES = 64
_SAMPLE = 2000  # images for the count of dead units


def show(selection: Selection) -> None:
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
    {"digit": _why, "layers": _layers, "weights": _weights, "map": unit_map.show, "dead": _dead}[part](selection)


def _why(selection: Selection) -> None:
    index = selection.opened()
    image, predicted, names = (
        selection.digits.images[index],
        int(selection.predictions.predicted[index]),
        selection.names,
    )
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        digit = st.selectbox(
            "Explain the digit" if selection.run.reads_digits else "Explain the class",
            range(10),
            index=predicted,
            format_func=names.__getitem__,
            key=f"evaluate_why_{index}_{predicted}",
            width=170,
        )
        window = st.slider("Size of the grey square", 1, 9, 5, step=2, key="evaluate_window", width=260)
    slopes = explain.saliency(selection.reader, image, digit)
    losses = explain.occlusion(selection.reader, image, digit, window)
    drawn, saliency, occlusion = st.columns(3, gap="large")
    truth = names[selection.digits.labels[index]]
    with drawn:
        st.image(image, width="stretch", output_format="PNG", alt="The image")
        st.markdown(f"**The image.** {selection.split} {index:,}, a {truth}, predicted {names[predicted]}.")
        image_list.links(selection, index)
    with saliency:
        st.image(diverging.picture(slopes), width="stretch", output_format="PNG", alt=f"Saliency for {names[digit]}")
        st.markdown(
            f"**Saliency.** Red: more ink here raises the score of {names[digit]}. Blue: more ink here lowers it."
        )
    with occlusion:
        st.image(
            diverging.picture(losses, 1.0), width="stretch", output_format="PNG", alt=f"Occlusion for {names[digit]}"
        )
        st.markdown(
            f"**Occlusion.** A square of paper covers each place in turn. Red: the probability of {names[digit]} "
            f"falls, by up to {losses.max():.0%}. Blue: it rises."
        )
    st.caption("To explain another digit, open it in Images, in One digit or in a cell of the matrix.")


def _layers(selection: Selection) -> None:
    index = selection.opened()
    name = selection.names[selection.digits.labels[index]]
    st.markdown(
        f"The output of each layer for {selection.split} image {index:,}, a **{name}**. "
        "Red is positive, blue is negative."
    )
    outputs = dict(explain.activations(selection.reader, selection.digits.images[index]))
    for name in _chosen_layers(selection.run.id, list(outputs)):
        values = outputs[name]
        zero = float((values == 0).mean())
        shape = " × ".join(map(str, values.shape))
        st.markdown(f"**{name}** · {shape} · from {values.min():.2f} to {values.max():.2f} · {zero:.0%} are 0")
        if values.ndim == 3:
            maps = np.moveaxis(values, -1, 0)[:MAX_TILES]
            st.image(
                diverging.tiles(diverging.picture(maps), 16 if len(maps) > 8 else 8),
                width="stretch" if len(maps) > 8 else 90 * len(maps),
                output_format="PNG",
                alt=f"The {len(maps)} maps of {name}",
            )
        else:
            _strip(name, values.ravel())


def _chosen_layers(run_id: str, names: list[str]) -> list[str]:
    """The layers that the visitor wants to see; at first the first one and the last one."""
    chosen = st.pills(
        "Layers",
        names,
        selection_mode="multi",
        default=list(dict.fromkeys((names[0], names[-1]))),
        key=f"evaluate_layers_{run_id}",
        persist_state="session",
    )
    if not chosen:
        st.info("Choose at least one layer.")
    return [name for name in names if name in chosen]


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


def _weights(selection: Selection) -> None:
    weights = explain.first_weights(selection.reader)
    order = np.argsort(-np.abs(weights).reshape(len(weights), -1).sum(axis=1), kind="stable")[:MAX_TILES]
    together = st.toggle("One colour scale for all", key="evaluate_scale", persist_state="session")
    side = "weights" if weights.shape[-1] < 28 else "pixels"
    st.markdown(
        "Each tile is one unit of the first layer. Red: ink here raises this unit. Blue: ink here lowers it. "
        f"{len(order)} of {len(weights)} units, the strongest first, {weights.shape[1]} × {weights.shape[2]} "
        f"{side} each."
    )
    chosen = weights[order]
    coloured = diverging.picture(chosen) if together else np.stack([diverging.picture(one) for one in chosen])
    st.image(diverging.tiles(coloured, 16), width="stretch", output_format="PNG", alt="First-layer weights as images")


def _dead(selection: Selection) -> None:
    images = selection.digits.images[:_SAMPLE]
    found = dead_units(selection.reader, images)
    if not found:
        st.info("This network has no relu layer, so no unit can be dead.")
        return
    st.markdown(
        f"A relu unit is **dead** if its output is 0 for all {len(images):,} images. No gradient passes it, so it "
        f"stops "
        "learning."
    )
    with st.container(horizontal=True, gap="large"):
        for layer in found:
            st.metric(layer.layer, f"{layer.dead:,} of {layer.units:,}", width="content")
    if sum(layer.dead for layer in found):
        st.caption("Many dead units: lower the learning rate, or try elu or gelu instead of relu.")

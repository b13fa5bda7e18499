"""A network built layer by layer: layers are added, removed and moved, each with its own numbers."""

from collections.abc import Callable
from functools import partial

import streamlit as st

from core.config.layers import (
    MAX_FILTERS,
    MAX_LAYERS,
    MAX_UNITS,
    Layer,
    conv,
    dense,
    dropout,
    format_layers,
    norm,
    parse_layers,
    pool,
)
from core.errors import NetworkError
from core.network.architecture import IMAGE_KINDS
from pages.shared import controls

_NEW: dict[str, tuple[str, Callable[[], Layer]]] = {
    "Dense": ("Each unit is connected to every value before it.", lambda: dense(128)),
    "Convolution": (
        "Small filters that slide over the image. It is added before the first dense layer: after that there is no "
        "image.",
        lambda: conv(32),
    ),
    "Pooling": (
        "Keeps the largest value of each square and halves the image. It is added before the first dense layer.",
        pool,
    ),
    "Dropout": (
        "Sets a random share of the values to 0 in each training step, against over-fitting.",
        lambda: dropout(0.25),
    ),
    "Normalisation": ("Brings the values of a batch to mean 0 and spread 1. Training becomes steadier.", norm),
}


def editor() -> None:
    """Switches between the knobs and a list of layers, and draws a row for each layer."""
    layers, key = _layers(), f"by_hand_{_version()}"
    st.toggle(
        "Layers by hand",
        value=bool(layers),
        key=key,
        on_change=partial(_switch, controls.form(), key),
        help="Build the network yourself from convolution, pooling, dense and other layers. The list replaces the "
        "knobs Hidden layers, Units and Dropout.",
    )
    if not layers:
        return
    st.caption("The first layer gets the image. After the last one come the ten softmax units.")
    with st.container(key="layer_rows", gap="small"):
        st.html(_STYLE)
        layers = [_row(len(layers), position, layer) for position, layer in enumerate(layers)]
    controls.chosen()["network"] = format_layers(layers)
    with st.container(horizontal=True, gap="small"):
        for name, (meaning, make) in _NEW.items():
            st.button(
                name,
                icon=":material/add:",
                key=f"add_{name}_{_version()}",
                help=meaning,
                disabled=len(layers) >= MAX_LAYERS,
                on_click=_set,
                args=(controls.form(), partial(inserted, new=make())),
            )


def inserted(layers: list[Layer], new: Layer) -> list[Layer]:
    """The layers with a new one where it works: one that needs an image before the first dense layer, others last."""
    first_dense = next((at for at, layer in enumerate(layers) if layer.kind == "dense"), len(layers))
    at = first_dense if new.kind in IMAGE_KINDS else len(layers)
    return [*layers[:at], new, *layers[at:]]


def _row(rows: int, position: int, layer: Layer) -> Layer:
    """The numbers of a layer and its three buttons. Returns the layer with the numbers that were set."""
    key, form, name = f"layer_{_version()}_{position}", controls.form(), f"layer {position + 1}"
    earlier, later = partial(_moved, position=position, by=-1), partial(_moved, position=position, by=1)
    rest = partial(_without, position=position)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        changed = _numbers(layer, key)
        st.button(f"Move {name} before layer {position}", icon=":material/arrow_upward:", key=f"{key}_up",
                  on_click=_set, args=(form, earlier), disabled=position == 0)  # fmt: skip
        st.button(f"Move {name} after layer {position + 2}", icon=":material/arrow_downward:", key=f"{key}_down",
                  on_click=_set, args=(form, later), disabled=position == rows - 1)  # fmt: skip
        st.button(f"Remove {name}", icon=":material/delete:", key=f"{key}_away",
                  on_click=_set, args=(form, rest))  # fmt: skip
    return changed


def _numbers(layer: Layer, key: str) -> Layer:
    """The one or two numbers of a layer in boxes."""

    def box(label: str, low: int, high: int, value: int) -> int:
        return int(st.number_input(label, low, high, value, key=f"{key}_{label}", width=110))

    match layer.kind:
        case "dense":
            return dense(box("Dense: units", 1, MAX_UNITS, layer.size))
        case "conv":
            filters = box("Conv: filters", 1, MAX_FILTERS, layer.size)
            return conv(filters, box("Kernel size", 1, 28, layer.kernel))
        case "pool":
            return pool(box("Pooling: size", 2, 28, layer.size))
        case "dropout":
            rate = st.number_input("Dropout: rate", 0.0, 0.9, layer.rate, 0.05, key=f"{key}_rate", width=110)
            return dropout(round(rate, 4))
        case "norm":
            st.markdown("Normalisation", width=110)
            return layer
    raise AssertionError(f"no numbers for {layer.kind}")


def _without(layers: list[Layer], position: int) -> list[Layer]:
    return layers[:position] + layers[position + 1 :]


def _moved(layers: list[Layer], position: int, by: int) -> list[Layer]:
    moved = list(layers)
    other = min(max(position + by, 0), len(layers) - 1)
    moved[position], moved[other] = moved[other], moved[position]
    return moved


def _layers() -> list[Layer]:
    try:
        return list(parse_layers(controls.chosen()["network"]))
    except NetworkError:
        return []


def _version() -> int:
    """New widgets whenever layers are added, moved or removed, so that older ones do not count."""
    return controls.form().versions["network"]


def _set(form: controls.Form, change: Callable[[list[Layer]], list[Layer]]) -> None:
    """Changes the list as it is when a button is pressed."""
    form.set("network", format_layers(change(list(parse_layers(form.values["network"])))))


def _switch(form: controls.Form, key: str) -> None:
    """On: starts with the layers that the knobs make. Off: back to the knobs.

    It reads the switch itself. Streamlit also calls this when the first message about a new switch arrives late.
    """
    by_hand = bool(st.session_state.get(key))
    if by_hand != bool(form.values["network"]):
        form.set("network", format_layers(controls.run_config().layers or [dense(128)]) if by_hand else "")


# The buttons of a row show only their icon: their text is for screen readers.
_STYLE = """<style>
.st-key-layer_rows button p {position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%);
  white-space: nowrap}
</style>"""

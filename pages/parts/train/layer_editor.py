"""A network made by hand: layers added, removed, reordered, each with its own numbers."""

from collections.abc import Callable

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
from pages.shared import controls

_NEW: dict[str, tuple[str, Callable[[], Layer]]] = {
    "Dense": ("Each neuron sees every value below it.", lambda: dense(128)),
    "Convolution": (
        "Small pattern finders that slide over the image. Below the first dense layer only.",
        lambda: conv(32),
    ),
    "Pooling": ("Keeps the strongest answer of each square, and halves the image.", pool),
    "Dropout": ("Silences a random share while training, against over-fitting.", lambda: dropout(0.25)),
    "Normalisation": ("Brings the values of a batch to mean 0 and spread 1; training gets steadier.", norm),
}


def editor() -> None:
    """Turns layers by hand on and off, and draws a row for each."""
    layers = _layers()
    st.toggle(
        "Layers by hand",
        value=bool(layers),
        key=f"by_hand_{bool(layers)}",
        on_change=_switch,
        help="Stack convolutions, pooling, dense layers and more yourself; it replaces the sliders above.",
    )
    if not layers:
        return
    st.caption("From the image upwards; ten softmax units always stand on top.")
    for position, layer in enumerate(layers):
        _row(layers, position, layer)
    with st.container(horizontal=True, gap="small"):
        for name, (meaning, make) in _NEW.items():
            st.button(
                name,
                icon=":material/add:",
                key=f"add_{name}",
                help=meaning,
                disabled=len(layers) >= MAX_LAYERS,
                on_click=_set,
                args=([*layers, make()],),
            )


def _row(layers: list[Layer], position: int, layer: Layer) -> None:
    # The key holds what the layer is, so that a row that moves takes its widgets along.
    key = f"layer_{position}_{layer.kind}_{len(layers)}"
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        changed = _numbers(layer, key)
        if changed != layer:
            _set([*layers[:position], changed, *layers[position + 1 :]])
            st.rerun()
        up, down = _moved(layers, position, -1), _moved(layers, position, 1)
        name = f"layer {position + 1}"
        st.button("", icon=":material/arrow_upward:", key=f"{key}_up", help=f"Move {name} towards the image",
                  on_click=_set, args=(up,), disabled=position == 0)  # fmt: skip
        st.button("", icon=":material/arrow_downward:", key=f"{key}_down", help=f"Move {name} towards the answer",
                  on_click=_set, args=(down,), disabled=position == len(layers) - 1)  # fmt: skip
        st.button("", icon=":material/delete:", key=f"{key}_away", help=f"Remove {name}",
                  on_click=_set, args=(layers[:position] + layers[position + 1 :],))  # fmt: skip


def _numbers(layer: Layer, key: str) -> Layer:
    """The one or two numbers of a layer in boxes."""

    def box(label: str, low: int, high: int, value: int) -> int:
        return int(st.number_input(label, low, high, value, key=f"{key}_{label}_{value}", width=110))

    match layer.kind:
        case "dense":
            return dense(box("Dense: units", 1, MAX_UNITS, layer.size))
        case "conv":
            filters = box("Conv: filters", 1, MAX_FILTERS, layer.size)
            return conv(filters, box("window", 1, 28, layer.kernel))
        case "pool":
            return pool(box("Pooling: window", 2, 28, layer.size))
        case "dropout":
            rate = st.number_input(
                "Dropout: rate", 0.0, 0.9, layer.rate, 0.05, key=f"{key}_rate_{layer.rate}", width=110
            )
            return dropout(round(rate, 4))
        case _:
            st.markdown("Normalisation", width=110)
            return layer


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


def _set(layers: list[Layer]) -> None:
    controls.choose({**controls.chosen(), "network": format_layers(layers)})


def _switch() -> None:
    """On: begins with what the sliders make. Off: back to the sliders."""
    if _layers():
        _set([])
    else:
        _set(list(controls.run_config().layers) or [dense(128)])

"""The network drawn for one image, with the numbers of each unit. One component for all pages that show it."""

import base64
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from core.config.run_config import RunConfig
from core.data.class_names import DIGITS, Names
from core.digits import Digits
from core.formatting import count
from core.network.living import LivingNetwork
from core.network.living_view import LayerSurvey, LayerView, NetworkView
from core.network.numpy_network import Reader
from core.runs.moments import fixed_images
from pages.shared import caches, palette, static_assets
from pages.shared.components import payload
from pages.shared.digit_grid import montage

_HERE = Path(__file__).parent
SCRIPT = _HERE / "living_network.js"
HEIGHT = 280  # pixels of the drawing
ACROSS = 25  # images in a row of the sheet


def html(below: str = "") -> str:
    """The drawing, its caption, and the numbers of the chosen unit. below: what stands right below the drawing."""
    return f"""<div class="living"><canvas role="img" tabindex="0"></canvas>{below}<p class="living-caption"></p>
<div class="living-detail" aria-live="polite"></div>
<details><summary>The same numbers as a table</summary><div class="living-scroll" tabindex="0">
<table class="living-table"></table></div></details></div>"""


@dataclass(frozen=True)
class ShownImage:
    """The image of a drawing. label: the class that it shows, None where nobody knows. caption: a sentence about it.

    moment: which snapshot of the network this is, for tests and for the film. names: of the ten classes.
    """

    label: int | None
    caption: str = ""
    moment: str = ""
    names: Names = DIGITS


def living_network(
    view: NetworkView,
    config: RunConfig,
    image: ShownImage,
    *,
    key: str,
    off: Mapping[str, np.ndarray] | None = None,
    on_change: Callable[[dict[str, Any]], None] | None = None,
) -> None:
    """Draws `view`. off: factors of units that are switched off or weakened.

    on_change: what a click on "Switch off …" calls.
    """

    def hear() -> None:
        change = st.session_state[key].get("change")
        if on_change and isinstance(change, dict):
            on_change(change)

    data = {
        "frame": frame(view, config, off),
        "context": context(config, image, alt=alt_text(view, image.names)),
        "caption": image.caption or sentence(view),
        "can_break": on_change is not None,
    }
    _component()(key=key, data=payload(data), on_change_change=hear)


def sentence(view: NetworkView) -> str:
    """How to read the drawing."""
    first = view.layers[0]
    looks = "First layer: each square shows the weights of one unit. " if first.kind == "dense" else ""
    exact = "" if view.exact else " A snapshot: weights rounded to 16 bits."
    return (
        f"{looks}Red raises, blue lowers. Lines: the largest weight × activation. Frame: the label. "
        f"Point at a unit or tap it to see its sum.{exact}"
    )


def alt_text(view: NetworkView, classes: Names) -> str:
    """What the drawing shows, in words."""
    probabilities = view.layers[-1].values
    best = int(np.argmax(probabilities))
    hidden = [f"{layer.name} with {count(layer.total, 'unit')}" for layer in view.layers[:-1]]
    names = ", ".join(hidden) or "no hidden layer"
    answer = f"Its answer: {classes[best]} with {probabilities[best]:.2%}."
    return f"The network from image to output: {names}. {answer} Arrow keys choose a unit."


def fixed() -> Digits:
    """The validation images that every drawing of a network uses."""
    return _fixed(caches.data().validation)


@lru_cache(maxsize=2)  # `Digits` are compared by identity; every refresh asks
def _fixed(validation: Digits) -> Digits:
    return validation[fixed_images(validation)]


@st.cache_resource(show_spinner="Looking at 500 images …", max_entries=16)
def _surveyed(key: str, _reader: Reader) -> tuple[LivingNetwork, tuple[LayerSurvey, ...]]:
    network = LivingNetwork(_reader.config, _reader.weights)
    return network, network.survey(fixed().images)


def surveyed(reader: Reader) -> tuple[LivingNetwork, tuple[LayerSurvey, ...]]:
    """A network and what its units do on the fixed images."""
    content = hashlib.blake2b(digest_size=8)
    for weights in reader.weights.values():
        content.update(np.ascontiguousarray(weights))
    return _surveyed(f"{reader.config.layers}{reader.config.activation}{content.hexdigest()}", reader)


def context(config: RunConfig, image: ShownImage, *, alt: str, height: int = HEIGHT) -> dict[str, Any]:
    """What the drawing needs beside the numbers."""
    right, wrong = palette.verdict_text()
    return {
        "colours": {
            "positive": list(palette.POSITIVE),
            "negative": list(palette.NEGATIVE),
            "right": right,
            "wrong": wrong,
        },
        "sheet": _sheet(caches.data().source.sentence),
        "across": ACROSS,
        "labels": fixed().labels.tolist(),
        "label": image.label,
        "names": image.names,
        "moment": image.moment,
        "key": f"{config.layers}",
        "alt": alt,
        "height": height,
    }


def frame(view: NetworkView, config: RunConfig, off: Mapping[str, np.ndarray] | None = None) -> dict[str, Any]:
    """The numbers of a view, as the component's JavaScript reads them."""
    return {
        "image": base64.b64encode(np.ascontiguousarray(view.image)).decode(),
        "layers": [_layer(layer, config.activation, (off or {}).get(layer.name)) for layer in view.layers],
    }


def _layer(layer: LayerView, activation: str, factors: np.ndarray | None) -> dict[str, Any]:
    return {
        "name": layer.name,
        "kind": layer.kind,
        "activation": activation,
        "normed": layer.normed,
        "total": layer.total,
        "units": layer.units.tolist(),
        "values": _numbers(layer.values),
        "sums": _numbers(layer.sums),
        "biases": _numbers(layer.biases),
        "pictures": None if layer.pictures is None else _pictures(layer.pictures),
        "edges": [(start, end, short_number(value)) for start, end, value in layer.edges],
        "terms": [
            [(term.source, short_number(term.weight), short_number(term.value), term.index) for term in terms]
            for terms in layer.terms
        ],
        "patches": [
            {"channel": each.channel, "channels": each.channels, "row": each.row, "column": each.column,
             "filter": _numbers(each.filter.ravel()), "values": _numbers(each.values.ravel())}
            for each in layer.patches
        ],
        "exciting": None if layer.exciting is None else layer.exciting.tolist(),
        "dead": None if layer.dead is None else layer.dead.tolist(),
        "off": None if factors is None else (factors[layer.units] == 0).tolist(),
        "all_off": factors is not None and not factors.any(),
    }  # fmt: skip


def _pictures(pictures: np.ndarray) -> dict[str, Any]:
    """Pictures as whole numbers from -127 to 127: enough for the eye, and a quarter of the bytes."""
    # A run that diverged has numbers that are not finite.
    pictures = np.nan_to_num(pictures.astype(np.float32), posinf=0.0, neginf=0.0)
    most = max(float(np.abs(pictures).max()), 1e-9)
    scaled = np.ascontiguousarray(np.rint(pictures / most * 127).astype(np.int8))
    return {"side": list(pictures.shape[1:]), "scale": most, "data": base64.b64encode(scaled).decode()}


def _numbers(values: np.ndarray) -> list[float | None]:
    return [short_number(value) for value in values]


def short_number(value: float) -> float | None:
    """Six digits: as exact as float32 shows, and short in a message. None for what is not a finite number."""
    return float(f"{value:.6g}") if np.isfinite(value) else None


@st.cache_data(show_spinner=False)
def _sheet(source: str) -> str:
    """Where the browser finds one picture of all fixed images."""
    return static_assets.serve_bytes(montage(fixed().images, ACROSS), "fixed-images", "png")


def style() -> str:
    """The CSS of a drawing."""
    colours = f".living {{--living-red: rgb{palette.POSITIVE}; --living-blue: rgb{palette.NEGATIVE}}}\n"
    return colours + (_HERE / "living_network.css").read_text("utf-8")


@st.cache_resource(show_spinner=False)
def _component() -> Any:
    return static_assets.component("digit_lab_living_network", SCRIPT, html=html(), css=style(), isolate_styles=False)

"""A run as a film of its moments, or its newest moment while it trains: network, curves, digits, map and layers."""

import base64
import json
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from core.network.living_moment import shown_images, view_of
from core.network.projection_film import align_maps, learning_order, predictions
from core.runs.moments import Moment, all_weights, read_moment, read_moments
from core.runs.run import Run
from pages.shared import living_network, palette, static_assets
from pages.shared.components import payload

_HERE = Path(__file__).parent
SLOW_MOTION_SECONDS = 5.0  # a run that took less was over before anybody could watch it
HEIGHT = 255  # pixels: curves, network and buttons are in sight together on a laptop's screen
HTML = f"""<div class="film"><div class="film-bar"><button class="film-play" type="button">Play</button>
<input class="film-slider" type="range" min="0" step="1" aria-label="Moment of the run">
<select class="film-speed" aria-label="Speed"></select></div>
<p class="film-now" aria-live="off"></p>{living_network.HTML}
<canvas class="film-curves" role="img" aria-label="Loss and accuracy up to this moment"></canvas>
<div class="film-digits" role="group" aria-label="The digit that runs through the network"></div>
<div class="film-below">
<figure><figcaption><b>Map of the last hidden layer</b> <span>· crosses: mistakes, click a point</span></figcaption>
<canvas class="film-map" role="img" aria-label="The images in the plane of the last hidden layer"></canvas></figure>
<figure><figcaption><b>Learned and forgotten</b> <span>· row: image, column: moment, green: right</span></figcaption>
<canvas class="film-learned" role="img" aria-label="Which images were right at which moment"></canvas></figure></div>
<div class="film-picked" aria-live="polite"></div>
<figure><figcaption><b>Layers</b> <span>· change of the weights per step, relative to the weights (log scale)
· dead units</span></figcaption><div class="film-layers"></div></figure></div>"""


def film(run: Run, place: int, *, key: str) -> dict[str, Any]:
    """Shows a run that has ended. Returns what was clicked: {"digit": place} or {"draw": place}, or nothing."""
    moments = moments_of(run)
    address = _film(run.id, run.path, tuple(moment.step for moment in moments), place, run)
    took = run.ended.fit_seconds if run.ended else 0.0
    play = "Watch in slow motion" if 0 < took < SLOW_MOTION_SECONDS else "Play"
    return _mount(run, moments[-1], place, {"address": address, "key": f"{run.id}:{len(moments)}", "play": play}, key)


def newest(run: Run, place: int, *, key: str) -> dict[str, Any]:
    """Shows the newest moment of a run that trains. Returns what was clicked, as `film` does."""
    moment = newest_moment(run)
    assert moment is not None
    data = {"film": _live(run.id, moment.step, place, run), "key": run.id, "play": "Play"}
    return _mount(run, moment, place, data, key)


def newest_moment(run: Run) -> Moment | None:
    """The newest moment that a run has written; None before the first."""
    paths = sorted((run.folder / "moments").glob("[0-9]" * 8 + ".npz"))
    return _read(str(paths[-1]), paths[-1].stat().st_mtime_ns) if paths else None


def moments_of(run: Run) -> list[Moment]:
    """All moments of a run that has ended, read once for all visitors."""
    names = sorted(path.name for path in (run.folder / "moments").glob("[0-9]" * 8 + ".npz"))
    return _moments(run.path, tuple(names), run)


def _mount(run: Run, moment: Moment, place: int, data: dict[str, Any], key: str) -> dict[str, Any]:
    choosable = shown_images(moment)
    label = int(living_network.fixed().labels[place])
    caption = "Red raises, blue lowers. Lines: weight × activation, the strongest only. Point at a unit or tap it."
    message = {
        **data,
        "network": static_assets.script_address(living_network.SCRIPT),
        "context": living_network.context(run.config, label=label, moment="", alt=_alt(moment), height=HEIGHT),
        "caption": caption,
        "images": "validation images" if run.config.holds_out else "images of the training data",
        "place": place,
        "choosable": choosable,
        "palette": palette.DIGITS,
        "tones": {"training": palette.TRAINING, "validation": palette.VALIDATION},
    }
    clicked = _component()(key=key, data=payload(message), on_digit_change=_ignore, on_draw_change=_ignore)
    found = {name: clicked.get(name) for name in ("digit", "draw")}
    limits = {"digit": choosable, "draw": len(moment.probabilities)}
    return {name: at for name, at in found.items() if type(at) is int and 0 <= at < limits[name]}


def _ignore() -> None:
    """The value is read where the component is drawn."""


def _alt(moment: Moment) -> str:
    layers = ", ".join(layer.name for layer in moment.layers)
    return f"The network with the layers {layers}, for one image. Arrow keys choose a unit."


@st.cache_resource(show_spinner=False, max_entries=16)
def _read(path: str, changed: int) -> Moment | None:
    return read_moment(Path(path))


@st.cache_resource(show_spinner=False, max_entries=4)
def _moments(path: str, names: tuple[str, ...], _run: Run) -> list[Moment]:
    return read_moments(_run)


@st.cache_data(show_spinner=False, max_entries=16)
def _live(run_id: str, step: int, place: int, _run: Run) -> dict[str, Any]:
    moment = newest_moment(_run)
    assert moment is not None
    return _message(_run, [moment], place)


@st.cache_data(show_spinner="Preparing the film …", max_entries=16)
def _film(run_id: str, path: str, steps: tuple[int, ...], place: int, _run: Run) -> str:
    """Where the browser finds the film: a file, for it is too large for a message of each refresh."""
    content = json.dumps(_message(_run, moments_of(_run), place), separators=(",", ":"), allow_nan=False)
    return static_assets.serve_bytes(content.encode(), "film", "json")


def _message(run: Run, moments: list[Moment], place: int) -> dict[str, Any]:
    digits = living_network.fixed()
    predicted = predictions(moments)
    return {
        "order": learning_order(predicted, digits.labels).tolist(),
        "moments": [
            _moment(run, moment, digits.images, place, guesses, positions)
            for moment, guesses, positions in zip(moments, predicted, align_maps(moments), strict=True)
        ],
    }


def _moment(
    run: Run, moment: Moment, images: np.ndarray, place: int, guesses: np.ndarray, positions: np.ndarray
) -> dict[str, Any]:
    view = view_of(run.config, moment, images, place, all_weights(run, moment))
    rows = ["output" if layer.kind == "output" else layer.name for layer in view.layers]
    return {
        "step": moment.step,
        "epoch": moment.epoch,
        **{name: _or_none(getattr(moment, name)) for name in _FIGURES},
        "frame": living_network.frame(view, run.config),
        "predicted": base64.b64encode(guesses).decode(),
        "positions": base64.b64encode(np.ascontiguousarray(positions, "<f4")).decode(),
        "layers": [
            {"name": name, "update_ratio": _or_none(layer.update_ratio), "dead": layer.dead}
            for name, layer in zip(rows, moment.layers, strict=True)
        ],
    }


def _or_none(value: float) -> float | None:
    return float(f"{value:.6g}") if np.isfinite(value) else None


_FIGURES = ("loss", "accuracy", "validation_loss", "validation_accuracy")


@st.cache_resource(show_spinner=False)
def _component() -> Any:
    css = living_network.style() + (_HERE / "film.css").read_text("utf-8")
    return static_assets.component("digit_lab_film", _HERE / "film.js", html=HTML, css=css, isolate_styles=False)

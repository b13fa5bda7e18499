"""The moments of a run as the browser plays them: one file for each film, which scripts fetch once."""

import base64
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from core.evaluation.projection_film import align_maps, learning_order, predictions
from core.evaluation.tour import Words, tour
from core.network.living_moment import view_of
from core.runs.moment import Moment
from core.runs.moments import all_weights, moment_names, read_moments
from core.runs.run import Run
from pages.shared import living_network, static_assets

SCRIPT = Path(__file__).with_name("film_parts.js")  # what the scripts of both kinds of films share
CAPTION = "Red raises, blue lowers. Lines: the largest weight × activation. Frame: the label. Point at or tap a unit."
_FIGURES = ("loss", "accuracy", "validation_loss", "validation_accuracy")


def moments_of(run: Run) -> list[Moment]:
    """All moments of a run that has ended, read once for all visitors."""
    return _moments(run.path, tuple(moment_names(run)), run)


def has_film(run: Run) -> bool:
    """Whether a run has kept moments; earlier versions kept none."""
    return bool(moment_names(run))


def fits(run: Run) -> bool:
    """Whether its moments were measured on the fixed images in use: it may be trained with another data set."""
    labels = living_network.fixed().labels
    return all(moment.fits(labels) for moment in moments_of(run))


def film_address(run: Run, place: int) -> str:
    """Where the browser finds the film of a run that has ended, for the fixed image `place`."""
    steps = tuple(moment.step for moment in moments_of(run))
    return _film(run.id, run.path, steps, place, run)


def film_of(run: Run, moments: list[Moment], place: int) -> dict[str, Any]:
    """The film of these moments, as JSON types."""
    digits = living_network.fixed()
    predicted = predictions(moments)
    shown = [
        _moment(run, moment, digits.images, place, guesses, positions)
        for moment, guesses, positions in zip(moments, predicted, align_maps(moments), strict=True)
    ]
    words = Words([layer["name"] for layer in shown[-1]["layers"]], images_shown(run), place, run.class_names)
    return {
        "order": learning_order(predicted, digits.labels).tolist(),
        "moments": shown,
        "tour": [asdict(stop) for stop in tour(moments, digits.labels, words)],
    }


NO_FILM = "has no film: its snapshots are missing. A download does not hold them, and early versions saved none."


def images_shown(run: Run) -> str:
    """What the fixed images are for this run: without held-out images it trains on them."""
    return "validation images" if run.config.holds_out else "images of the training data"


def alt_text(moment: Moment) -> str:
    """What the drawing of a moment shows, in words."""
    layers = ", ".join(layer.name for layer in moment.layers)
    return f"The network with the layers {layers}, for one image. Arrow keys choose a unit."


@st.cache_resource(show_spinner=False, max_entries=8)
def _moments(path: str, names: tuple[str, ...], _run: Run) -> list[Moment]:
    return read_moments(_run)


@st.cache_data(show_spinner="Preparing the film …", max_entries=16)
def _film(run_id: str, path: str, steps: tuple[int, ...], place: int, _run: Run) -> str:
    """A file, for the film is too large for a message of each refresh."""
    content = json.dumps(film_of(_run, moments_of(_run), place), separators=(",", ":"), allow_nan=False)
    return static_assets.serve_bytes(content.encode(), "film", "json")


def _moment(
    run: Run, moment: Moment, images: np.ndarray, place: int, guesses: np.ndarray, positions: np.ndarray
) -> dict[str, Any]:
    view = view_of(run.config, moment, images, place, all_weights(run, moment))
    rows = ["output" if layer.kind == "output" else layer.name for layer in view.layers]
    return {
        "step": moment.step,
        "epoch": moment.epoch,
        **{name: living_network.short_number(getattr(moment, name)) for name in _FIGURES},
        "frame": living_network.frame(view, run.config),
        "predicted": base64.b64encode(guesses).decode(),
        "positions": base64.b64encode(np.ascontiguousarray(positions, "<f4")).decode(),
        "layers": [
            {"name": name, "update_ratio": living_network.short_number(layer.update_ratio), "dead": layer.dead}
            for name, layer in zip(rows, moment.layers, strict=True)
        ],
    }

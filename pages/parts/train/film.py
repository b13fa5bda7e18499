"""A run as a film of its moments, or its newest moment while it trains: network, curves, digits, map and layers."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import streamlit as st

from core.network.living_moment import shown_images
from core.runs.file_names import MOMENTS
from core.runs.moment import Moment
from core.runs.moments import moment_names, read_moment
from core.runs.run import Run
from pages.parts.train import film_tour
from pages.shared import film_data, living_network, palette, static_assets
from pages.shared.components import payload
from pages.shared.film_data import alt_text, film_address, film_of, images_shown, moments_of

_HERE = Path(__file__).parent
_SCRIPT = _HERE / "film.js"
SCRIPTS = (_SCRIPT, film_data.SCRIPT, film_tour.SCRIPT, living_network.SCRIPT)  # all that a film loads
SLOW_MOTION_SECONDS = 5.0  # a run that took less was over before anybody could watch it
HEIGHT = 255  # pixels: curves, network and buttons are in sight together on a laptop's screen
_BAR = f"""<div class="film-bar"><button class="film-play" type="button">Play</button>
<input class="film-slider" type="range" min="0" step="1" aria-label="Moment of the run">
<select class="film-speed" aria-label="Speed"></select>
{film_tour.BUTTON}<a class="film-beside inside">Beside another run</a></div>
{film_tour.HTML}"""
HTML = f"""<div class="film"><p class="film-now" aria-live="off"></p>{living_network.html(below=_BAR)}
<canvas class="film-curves" role="img" aria-label="Loss and accuracy up to this moment"></canvas>
<div class="film-digits" role="group" aria-label="The digit that runs through the network"></div>
<div class="film-below">
<figure><figcaption><b>Map of the last hidden layer</b> <span>· crosses: mistakes, click a point</span></figcaption>
<canvas class="film-map" role="application" tabindex="0"
aria-label="The images in the plane of the last hidden layer. Arrow keys choose an image, Home the first mistake.">
</canvas></figure>
<figure><figcaption><b>Learned and forgotten</b> <span>· row: image, column: moment, green: right</span></figcaption>
<canvas class="film-learned" role="application" tabindex="0"
aria-label="Which images were right at which moment. Arrow keys choose an image."></canvas></figure></div>
<div class="film-picked" aria-live="polite"></div>
<figure><figcaption><b>Layers</b> <span>· change of the weights per step, relative to the weights (log scale)
· dead units</span></figcaption><div class="film-layers"></div></figure></div>"""


def film(run: Run, place: int, *, key: str) -> dict[str, Any]:
    """Shows a run that has ended. Returns what was clicked: {"digit": place} or {"draw": place}, or nothing."""
    moments = moments_of(run)
    took = run.ended.fit_seconds if run.ended else 0.0
    data = {
        "address": film_address(run, place),
        "key": f"{run.id}:{len(moments)}",
        "play": "Watch in slow motion" if 0 < took < SLOW_MOTION_SECONDS else "Play",
        "beside": f"compare?{urlencode({'view': 'side', 'left': run.id})}",
        **film_tour.data(),
    }
    return _mount(run, moments[-1], place, data, key)


def newest(run: Run, place: int, *, key: str) -> dict[str, Any]:
    """Shows the newest moment of a run that trains. Returns what was clicked, as `film` does."""
    moment = newest_moment(run)
    assert moment is not None
    data = {**_live(run.id, moment.step, place, run), "key": run.id, "play": "Play"}
    return _mount(run, moment, place, data, key)


def newest_moment(run: Run) -> Moment | None:
    """The newest moment that a run has written; None before the first."""
    names = moment_names(run)
    if not names:
        return None
    path = run.folder / MOMENTS / names[-1]
    return _read(str(path), path.lstat().st_mtime_ns)


def _mount(run: Run, moment: Moment, place: int, data: dict[str, Any], key: str) -> dict[str, Any]:
    choosable = shown_images(moment)
    shown = living_network.ShownImage(int(living_network.fixed().labels[place]), names=run.class_names)
    message = {
        **data,
        "network": static_assets.script_address(living_network.SCRIPT),
        "shared": static_assets.script_address(film_data.SCRIPT),
        "tour_script": static_assets.script_address(film_tour.SCRIPT),
        "context": living_network.context(run.config, shown, alt=alt_text(moment), height=HEIGHT),
        "caption": film_data.CAPTION,
        "images": images_shown(run),
        "holds_out": run.config.holds_out,
        "place": place,
        "choosable": choosable,
        "palette": palette.DIGITS,
        "tones": {"training": palette.TRAINING, "validation": palette.VALIDATION},
    }
    clicked = _component()(
        key=key, data=payload(message), on_digit_change=_ignore, on_draw_change=_ignore, on_tour_change=film_tour.close
    )
    found = {name: clicked.get(name) for name in ("digit", "draw")}
    limits = {"digit": choosable, "draw": len(moment.probabilities)}
    return {name: at for name, at in found.items() if type(at) is int and 0 <= at < limits[name]}


def _ignore() -> None:
    """The value is read where the component is drawn."""


@st.cache_resource(show_spinner=False, max_entries=16)
def _read(path: str, changed: int) -> Moment | None:
    return read_moment(Path(path))


@st.cache_resource(show_spinner=False, max_entries=16)  # all who watch get the same file, once for each moment
def _live(run_id: str, step: int, place: int, _run: Run) -> dict[str, Any]:
    moment = newest_moment(_run)
    assert moment is not None
    content = film_of(_run, [moment], place)
    try:
        text = json.dumps(content, separators=(",", ":"), allow_nan=False)
        return {"address": static_assets.serve_bytes(text.encode(), "live", "json")}
    except OSError:  # a full disk
        return {"film": content}


@st.cache_resource(show_spinner=False)
def _component() -> Any:
    css = living_network.style() + (_HERE / "film.css").read_text("utf-8")
    return static_assets.component("digit_lab_film", _SCRIPT, html=HTML, css=css, isolate_styles=False)

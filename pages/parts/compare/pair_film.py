"""Two runs as films beside each other, on one clock."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st

from core.network.living_moment import shown_images
from core.runs.moment import Moment
from core.runs.moment_clock import images_seen, ticks
from core.runs.run import Run
from pages.shared import film_data, living_network, palette, static_assets
from pages.shared.components import payload
from pages.shared.film_data import alt_text, film_address, images_shown, moments_of
from pages.shared.local_time import run_title

_HERE = Path(__file__).parent
HEIGHT = 250  # pixels of each drawing
CLOCKS = {"images": "training images seen", "step": "steps", "epoch": "epochs"}
_SIDE = f"""<section class="pair-side"><h2></h2><p class="pair-state"></p>{living_network.html()}</section>"""
HTML = f"""<div class="pair"><div class="pair-bar"><button class="pair-play" type="button">Play</button>
<input class="pair-slider" type="range" min="0" step="1" aria-label="Time of both runs">
<select class="pair-speed" aria-label="Speed"></select>
<label>Clock <select class="pair-clock"></select></label></div>
<p class="pair-now" aria-live="off"></p>
<canvas class="pair-curves" role="img" aria-label="Loss and accuracy of both runs up to this time"></canvas>
<div class="pair-sides">{_SIDE}{_SIDE}</div>
<p class="pair-caption">{film_data.CAPTION}</p>
<div class="pair-digits" role="group" aria-label="The digit that runs through both networks"></div>
<details class="pair-table"><summary>Both networks as a table</summary><div class="living-scroll" tabindex="0"><table>
</table></div></details></div>"""


@dataclass(frozen=True, eq=False)
class _Side:
    """One of the two runs, with all that is asked of it more than once."""

    run: Run
    moments: list[Moment]
    colour: str


def pair_film(left: Run, right: Run, place: int, *, key: str) -> int:
    """Shows both films for the fixed image `place`. Returns the image that the visitor chose, else `place`."""
    sides = [_Side(left, moments_of(left), palette.run_colour(left.colour_index)), _right(left, right)]
    choosable = min(shown_images(side.moments[-1]) for side in sides)
    place = min(place, choosable - 1)
    message = {
        "key": f"{left.id}:{right.id}",
        "network": static_assets.script_address(living_network.SCRIPT),
        "shared": static_assets.script_address(film_data.SCRIPT),
        "sides": [_side(side, place) for side in sides],
        "clocks": _clocks(sides),
        "place": place,
        "choosable": choosable,
    }
    clicked = _component()(key=key, data=payload(message), on_digit_change=_ignore).get("digit")
    return clicked if type(clicked) is int and 0 <= clicked < choosable else place


def _right(left: Run, right: Run) -> _Side:
    """The right side in its run's own colour, or in the next one if both have the same."""
    index = right.colour_index
    if palette.run_colour(index) == palette.run_colour(left.colour_index):
        index += 1
    return _Side(right, moments_of(right), palette.run_colour(index))


def _side(side: _Side, place: int) -> dict[str, Any]:
    run = side.run
    shown = living_network.ShownImage(int(living_network.fixed().labels[place]), names=run.class_names)
    alt = f"{run_title(run)}: {alt_text(side.moments[-1])}"
    return {
        "title": run_title(run),
        "colour": side.colour,
        "address": film_address(run, place),
        "context": living_network.context(run.config, shown, alt=alt, height=HEIGHT),
        "images": images_shown(run),
        "seen": images_seen(run, side.moments),
        "ended": run.state,
    }


def _clocks(sides: list[_Side]) -> dict[str, Any]:
    """For each clock its name and its readings, with the position of each run."""
    readings = {
        "images": [images_seen(side.run, side.moments) for side in sides],
        "step": [[moment.step for moment in side.moments] for side in sides],
        "epoch": [[round(moment.epoch, 4) for moment in side.moments] for side in sides],
    }
    return {name: {"label": CLOCKS[name], "ticks": ticks(*both)} for name, both in readings.items()}


def _ignore() -> None:
    """The value is read where the component is drawn."""


@st.cache_resource(show_spinner=False)
def _component() -> Any:
    css = living_network.style() + (_HERE / "pair_film.css").read_text("utf-8")
    return static_assets.component("digit_lab_pair", _HERE / "pair_film.js", html=HTML, css=css, isolate_styles=False)

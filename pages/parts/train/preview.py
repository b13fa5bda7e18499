"""The network at work: 25 digits with its predictions, and the weights of the first layer. Both change as it trains."""

from pathlib import Path

import numpy as np
import streamlit as st

from core.digits import SIDE, Digits
from core.errors import RunError
from core.runs.data_match import was_trained_on
from core.runs.preview import Preview, read_preview
from core.runs.store import Run
from pages.shared import caches, diverging, palette
from pages.shared.image_uri import png_uri

UNITS = 24  # shown of the first layer
ROW = 5  # digits


def style(run: Run) -> str:
    """What stays the same while a run trains: the styles, and one picture of all the digits."""
    return _STYLE + _sheet(caches.data().source.sentence, _uses_validation(run))


def show(run: Run) -> None:
    """Draws both as the run last saved them: with another data set in use, only the weights."""
    try:
        changed = run.preview_path.lstat().st_mtime_ns
        preview = _read(run.preview_path, changed, run)
    except (OSError, RunError):
        return  # not there yet, or being written at this moment
    digits, weights = st.columns(2, gap="medium") if was_trained_on(run, caches.data()) else (None, st.container())
    if digits:
        with digits:
            _digits(run, preview.predicted)
    with weights:
        _weights(run.preview_path, changed, preview.weights)


@st.cache_resource(show_spinner=False, max_entries=8)  # for all who watch; `changed` identifies the saved version
def _read(path: Path, changed: int, _run: Run) -> Preview:
    return read_preview(_run)


def _uses_validation(run: Run) -> bool:
    return run.config.holds_out


def _split(validation: bool) -> Digits:
    return caches.data().validation if validation else caches.data().test


def _digits(run: Run, predicted: np.ndarray) -> None:
    """25 digits that the run does not train on. Colour and sign say which predictions are right."""
    held_out = _uses_validation(run)
    shown = _split(held_out)[: len(predicted)]
    right = int((predicted[: len(shown)] == shown.labels).sum())
    st.markdown(f"**{right} of {len(shown)}** {'validation' if held_out else 'test'} images right · prediction / label")
    cells = "".join(
        _cell(position, run.class_names[guess], run.class_names[label])
        for position, (guess, label) in enumerate(zip(predicted, shown.labels, strict=False))
    )
    st.html(f'<div class="preview">{cells}</div>')


def _cell(position: int, predicted: str, label: str) -> str:
    right = predicted == label
    sign = palette.RIGHT_SIGN if right else palette.WRONG_SIGN
    left, top = (position % ROW) * 25, (position // ROW) * 25
    picture = (
        f'<span class="tile" role="img" aria-label="a {label}, predicted {predicted}">'
        f'<i style="mask-position:{left}% {top}%;-webkit-mask-position:{left}% {top}%"></i></span>'
    )
    caption = f"<figcaption>{sign} {predicted} / {label}</figcaption>"
    return f'<figure class="{"right" if right else "wrong"}">{picture}{caption}</figure>'


@st.cache_data(show_spinner=False)
def _sheet(source: str, validation: bool) -> str:
    """One picture of all the digits, of which each cell shows its own. Ink is opaque: it takes the colour of text."""
    tiles = np.zeros((ROW * ROW, SIDE, SIDE), np.uint8)
    images = _split(validation).images[: ROW * ROW]
    tiles[: len(images)] = images
    ink = tiles.reshape(ROW, ROW, SIDE, SIDE).swapaxes(1, 2).reshape(ROW * SIDE, ROW * SIDE)
    picture = np.zeros((*ink.shape, 4), np.uint8)
    picture[..., 3] = ink
    address = png_uri(picture)
    return f"<style>.preview i {{-webkit-mask-image: url({address}); mask-image: url({address})}}</style>"


def _weights(path: Path, changed: int, kernel: np.ndarray) -> None:
    """The weights of each unit as a picture."""
    picture = _picture(path, changed, str(st.context.theme.type), kernel)
    if picture:
        st.markdown("**Weights of the first layer**")
        st.html(picture)
        st.caption("Red: ink here raises this unit. Blue: ink here lowers it.")


@st.cache_data(show_spinner=False, max_entries=8)
def _picture(path: Path, changed: int, theme: str, _kernel: np.ndarray) -> str:
    """The weights of the first units as HTML; empty if they do not form squares."""
    pictures = _kernel.reshape(-1, _kernel.shape[-1]).T
    side = round(pictures.shape[1] ** 0.5)
    if side * side != pictures.shape[1]:
        return ""
    pictures = pictures[:UNITS].reshape(-1, side, side)
    # Few colours make a small file, and look the same as many.
    sheet = diverging.tiles(diverging.picture(np.nan_to_num(pictures)), 6) // 8 * 8
    return (
        f'<img class="weights" src="{png_uri(sheet)}" '
        f'alt="Weights of the first {len(pictures)} units of the first layer, each {side} by {side}">'
    )


_STYLE = """<style>
.preview {display: grid; grid-template-columns: repeat(5, minmax(0, 1fr)); gap: .25rem}
.preview figure {margin: 0; text-align: center}
.preview .right {--c: light-dark(#1f7a45, #4cc583)}
.preview .wrong {--c: light-dark(#c03434, #ff8a8a)}
.preview .tile {display: block; aspect-ratio: 1; max-width: 3.5rem; margin: 0 auto; border: 2px solid var(--c);
  border-radius: 4px}
.preview i {display: block; width: 100%; height: 100%; background: currentColor; image-rendering: pixelated;
  -webkit-mask-size: 500% 500%; mask-size: 500% 500%}
.preview figcaption {font-size: .75rem; color: var(--c); font-weight: 600; overflow-wrap: anywhere}
.weights {width: 100%; max-width: 22rem; image-rendering: pixelated}
</style>"""

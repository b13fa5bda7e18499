"""The network at work: 25 digits with its answers, and the first layer's weights, both moving while it trains."""

from pathlib import Path

import numpy as np
import streamlit as st

from core.errors import RunError
from core.runs.checkpoints import read_arrays
from core.runs.store import Run
from pages.shared import caches, palette
from pages.shared.image_uri import png_uri

UNITS = 24  # of the first layer


def style(run: Run) -> str:
    """What stays the same while a run trains: the looks, and one picture of all the digits."""
    data = caches.data()
    return _STYLE + _sheet(data.source.sentence, _held_out(run))


def show(run: Run) -> None:
    """Draws both as they were at the run's last glimpse of itself."""
    try:
        changed = run.glimpse_path.stat().st_mtime_ns
        seen = _read(run.glimpse_path, changed)
    except (OSError, RunError):
        return  # there is none yet, or it is written anew at this moment
    digits, weights = st.columns(2, gap="medium")
    with digits:
        _digits(run, seen["predicted"])
    with weights:
        _weights(run.glimpse_path, changed, seen["weights"])


@st.cache_resource(show_spinner=False, max_entries=8)  # for all who watch; `changed` tells one glimpse from the next
def _read(path: Path, changed: int) -> dict[str, np.ndarray]:
    return read_arrays(path)


def _held_out(run: Run) -> bool:
    return run.config.validate_on == "held-out"


def _digits(run: Run, predicted: np.ndarray) -> None:
    """25 digits it is not trained on, under each "predicted / true", right or wrong by colour and sign."""
    data = caches.data()
    shown = (data.validation if _held_out(run) else data.test)[: len(predicted)]
    right = int((predicted == shown.labels).sum())
    st.markdown(
        f"**{right} of {len(predicted)}** {'validation' if _held_out(run) else 'test'} digits read · predicted / true"
    )
    cells = "".join(
        _cell(position, int(guess), int(label))
        for position, (guess, label) in enumerate(zip(predicted, shown.labels, strict=True))
    )
    st.html(f'<div class="glimpse">{cells}</div>')


def _cell(position: int, predicted: int, label: int) -> str:
    good = predicted == label
    colour, sign = (palette.RIGHT, palette.RIGHT_SIGN) if good else (palette.WRONG, palette.WRONG_SIGN)
    words = f"a {label}, read as {predicted}"
    left, top = (position % 5) * 25, (position // 5) * 25
    picture = f'<i role="img" aria-label="{words}" style="background-position:{left}% {top}%"></i>'
    return f'<figure style="--c:{colour}">{picture}<figcaption>{sign} {predicted} / {label}</figcaption></figure>'


@st.cache_data(show_spinner=False)
def _sheet(source: str, held_out: bool) -> str:
    """One picture of all the digits, of which each cell shows its own."""
    data = caches.data()
    images = (data.validation if held_out else data.test).images[:25]
    images = np.pad(images, ((0, 25 - len(images)), (0, 0), (0, 0)))  # a small set has fewer
    rows = [np.concatenate(list(images[start : start + 5]), axis=1) for start in range(0, 25, 5)]
    return f"<style>.glimpse i {{background-image: url({png_uri(255 - np.concatenate(rows))})}}</style>"


def _weights(path: Path, changed: int, kernel: np.ndarray) -> None:
    """Each unit's weights as a picture: what it looks for in red, what speaks against it in blue."""
    picture = _picture(path, changed, kernel)
    if picture:
        st.markdown("**First layer** · red speaks for, blue against")
        st.html(picture)


@st.cache_data(show_spinner=False, max_entries=8)
def _picture(path: Path, changed: int, _kernel: np.ndarray) -> str:
    """The weights of the first units as HTML; empty where they do not form squares."""
    pictures = _kernel.reshape(-1, _kernel.shape[-1]).T
    side = round(pictures.shape[1] ** 0.5)
    if side * side != pictures.shape[1]:
        return ""
    pictures = pictures[:UNITS].reshape(-1, side, side)
    sheet = _montage(pictures / max(float(np.abs(pictures).max()), 1e-9))
    return (
        f'<img class="weights" src="{png_uri(_diverging(sheet))}" '
        f'alt="Weights of the first {len(pictures)} units of the first layer, each {side} by {side}">'
    )


def _montage(pictures: np.ndarray, columns: int = 6) -> np.ndarray:
    """float (n, side, side) → one sheet with a gap of one pixel, NaN between them."""
    side = pictures.shape[1]
    rows = -(-len(pictures) // columns)
    sheet = np.full((rows * (side + 1) - 1, columns * (side + 1) - 1), np.nan)
    for position, picture in enumerate(pictures):
        top, left = (position // columns) * (side + 1), (position % columns) * (side + 1)
        sheet[top : top + side, left : left + side] = picture
    return sheet


def _diverging(values: np.ndarray) -> np.ndarray:
    """-1 to 1 → blue over white to red, uint8 (h, w, 4); NaN is transparent."""
    blue, red, white = np.array([46, 95, 165]), np.array([200, 60, 60]), np.array([250, 250, 250])
    strength = np.nan_to_num(np.abs(values))[..., None] ** 0.7
    colour = np.where((values > 0)[..., None], red, blue)
    rgb = white * (1 - strength) + colour * strength
    alpha = np.where(np.isnan(values), 0, 255)[..., None]
    # Few colours make a small file, and nobody can tell them apart from many.
    return np.concatenate([rgb // 8 * 8, alpha], axis=-1).astype(np.uint8)


_STYLE = """<style>
.glimpse {display: grid; grid-template-columns: repeat(5, 1fr); gap: .25rem}
.glimpse figure {margin: 0; text-align: center}
.glimpse i {display: block; aspect-ratio: 1; max-width: 3.5rem; margin: 0 auto; background-size: 500% 500%;
  image-rendering: pixelated; border: 2px solid var(--c); border-radius: 4px}
.glimpse figcaption {font-size: .75rem; color: var(--c); font-weight: 600; white-space: nowrap}
.weights {width: 100%; max-width: 22rem; image-rendering: pixelated}
</style>"""

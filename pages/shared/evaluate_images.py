"""Grids of images a network was asked about, and the closer look at one of them."""

import numpy as np
import streamlit as st

from core import evaluations, neighbours
from pages.shared import caches
from pages.shared.digit_grid import digit_grid
from pages.shared.evaluate_choice import Asked
from pages.shared.softmax import softmax_bars

SHOWN = 100  # at once; a cell of the diagonal holds a thousand
NEIGHBOURS = 8


def grid_and_detail(asked: Asked, indices: np.ndarray, *, key: str, columns: int | None = None) -> None:
    """A grid of the images at `indices`; the one that is chosen, else the first, opens beside it."""
    shown = indices[:SHOWN]
    grid, detail = st.columns([3, 2], gap="large")
    with grid:
        position = digit_grid(
            asked.digits.images[shown],
            captions(asked, shown),
            key=key,
            columns=columns,
            marks=[bool(mark) for mark in asked.answers.right[shown]],
            alt=f"{len(shown)} images with what they are and what the network said",
        )
        if len(indices) > SHOWN:
            st.caption(f"The first {SHOWN} of {len(indices):,}.")
    with detail:
        closer(asked, int(shown[position or 0]), key=key)


def captions(asked: Asked, indices: np.ndarray) -> list[str]:
    """'4→9 87 %' for each image: what it is, what was said and how surely."""
    answers = asked.answers
    return [
        f"{answers.labels[i]}→{answers.predicted[i]} {answers.probabilities[i].max():.0%}" for i in map(int, indices)
    ]


def closer(asked: Asked, index: int, *, key: str) -> None:
    """One image with its softmax bars, its nearest training digits, and the way to Draw."""
    image, label = asked.digits.images[index], int(asked.digits.labels[index])
    picture, bars = st.columns([1, 2], vertical_alignment="center")
    with picture:
        st.image(image, width=140, output_format="PNG", alt=f"A handwritten {label}")
        st.caption(f"{asked.split} {index:,}, a **{label}**")
    with bars:
        softmax_bars(asked.bars(index), truth=label)
    st.page_link(
        "pages/draw.py",
        label="Send to Draw",
        icon=":material/draw:",
        query_params={"send": f"{asked.split}:{index}", "run": asked.run.id},
    )
    train = caches.data().train
    near, distances = nearest(asked.split, index)
    digit_grid(
        train.images[near],
        [f"{train.labels[i]} · {i:,}" for i in near],
        key=f"{key}_near",
        columns=NEIGHBOURS,
        alt=f"The {NEIGHBOURS} training digits most like it",
        tile=40,
    )
    st.caption(
        f"The {NEIGHBOURS} training digits nearest to it, pixel by pixel ({distances[0]:.1f} to {distances[-1]:.1f})."
    )


@st.cache_data(max_entries=2000, show_spinner=False)
def nearest(split: str, index: int, most: int = NEIGHBOURS) -> tuple[np.ndarray, np.ndarray]:
    """The training images nearest to an image, itself left out: indices int64 (most,), distances float64 (most,)."""
    image = evaluations.split_of(caches.data(), split).images[index]
    found, distances = neighbours.nearest(caches.data().train.images, image, most + 1)
    own = (found == index) & (split == "train")
    return found[~own][:most], distances[~own][:most]

"""Grids of images with their predictions, and the details of one of them."""

import numpy as np
import streamlit as st

from core.data import neighbours
from core.evaluation import evaluations
from pages.parts.evaluate.choice import Selection, open_digit
from pages.shared import caches
from pages.shared.digit_grid import DigitTiles, digit_grid, position_of
from pages.shared.softmax import softmax_bars

SHOWN = 100  # at once; a cell of the diagonal holds a thousand
NEIGHBOURS = 8


def grid_and_detail(
    selection: Selection, indices: np.ndarray, *, key: str, order: str = "", columns: int | None = None, tile: int = 56
) -> None:
    """A grid of the images at `indices`, and beside it the details of the open one, else of the first.

    order: a sentence about their order, where the captions do not show it.
    """
    shown = indices[:SHOWN]
    index = selection.opened(indices)
    grid, detail = st.columns([3, 2], gap="large")
    with grid:
        digit_grid(
            DigitTiles(
                selection.digits.images[shown],
                captions(selection, shown),
                columns=columns,
                tile=tile,
                marks=[bool(mark) for mark in selection.predictions.right[shown]],
                alt=f"{len(shown)} images with label and prediction",
            ),
            key=key,
            selected=position_of(index, shown),
            on_choose=lambda position: open_digit(shown[position]),
            reveal=f"closer_{key}",
        )
        explained = ["Label → prediction and its probability.", order, of_how_many(indices)]
        st.caption(" ".join(filter(None, explained)))
    with detail, st.container(key=f"closer_{key}"):
        closer(selection, index, key=key)


def of_how_many(indices: np.ndarray) -> str:
    """A sentence if a grid does not show all images; else an empty string."""
    return f"The first {SHOWN} of {len(indices):,}." if len(indices) > SHOWN else ""


def captions(selection: Selection, indices: np.ndarray) -> list[str]:
    """'4→9 87%' for each image: label, prediction and its probability."""
    answers, names = selection.predictions, selection.names
    return [
        f"{names[answers.labels[i]]}→{names[answers.predicted[i]]} {answers.probabilities[i].max():.0%}"
        for i in map(int, indices)
    ]


def closer(selection: Selection, index: int, *, key: str) -> None:
    """One image with its softmax bars, its nearest training images, and links to Draw and Explore."""
    image, label, names = selection.digits.images[index], int(selection.digits.labels[index]), selection.names
    predicted, sure = (
        int(selection.predictions.predicted[index]),
        float(selection.predictions.probabilities[index].max()),
    )
    picture, bars = st.columns([1, 2], vertical_alignment="center")
    with picture:
        st.image(image, width=140, output_format="PNG", alt=picture_words(selection, label))
        st.markdown(f"A **{names[label]}**, predicted **{names[predicted]}** with {sure:.1%}")
        st.caption(f"{selection.split} {index:,}")
    with bars:
        softmax_bars(selection.predictions.probabilities[index], truth=label, names=names)
    links(selection, index)
    _near(selection, index, key)


def picture_words(selection: Selection, label: int) -> str:
    """What an image shows, for those who cannot see it."""
    return f"A handwritten {label}" if selection.run.reads_digits else f"An image of the class {selection.names[label]}"


def links(selection: Selection, index: int) -> None:
    """Links from this image to Draw and to Explore."""
    with st.container(horizontal=True, gap="medium"):
        st.page_link(
            "pages/draw.py",
            label="Send to Draw",
            icon=":material/draw:",
            query_params={"send": f"{selection.split}:{index}", "run": selection.run.id},
        )
        st.page_link(
            "pages/explore.py",
            label="Open in Explore",
            icon=":material/grid_view:",
            query_params={"split": selection.split, "index": str(index)},
        )


def _near(selection: Selection, index: int, key: str) -> None:
    train = caches.data().train
    near, distances = nearest(selection.split, index, caches.data().source.sentence)
    st.caption(f"The {len(near)} nearest training images, pixel by pixel, with label and distance:")
    digit_grid(
        DigitTiles(
            train.images[near],
            [f"{selection.names[train.labels[i]]} · {far:.1f}" for i, far in zip(near, distances, strict=True)],
            columns=NEIGHBOURS,
            alt=f"The {len(near)} nearest training images",
            tile=40,
        ),
        key=f"{key}_near",
        selected=-1,
    )


@st.cache_data(max_entries=2000, show_spinner=False)
def nearest(split: str, index: int, source: str, most: int = NEIGHBOURS) -> tuple[np.ndarray, np.ndarray]:
    """The training images nearest to an image, without itself: indices int64 (most,), distances float64 (most,).

    `source` names the data set, because another one has other neighbours.
    """
    data = caches.data()
    image = data.split(split).images[index]
    found, distances = neighbours.find_nearest(data.train.images, image, most + 1)
    own = (found == index) & (split == evaluations.TRAIN)
    return found[~own][:most], distances[~own][:most]

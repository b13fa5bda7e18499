"""Explore's open digit: large, with its measures and the most similar training images."""

import numpy as np
import streamlit as st

from core.data import morphology, neighbours
from core.data.cache import fingerprint
from core.data.mnist import Mnist
from pages.parts.explore import grid_view, trait_labels
from pages.parts.explore.digit_picture import digit_picture
from pages.parts.explore.state import SPLITS, Opened, open_digit
from pages.shared.digit_grid import DigitTiles, digit_grid

NEIGHBOURS = 8


def show(data: Mnist, here: Opened) -> None:
    """The open digit, large; hovering shows each value."""
    digits = data.split(here.split)
    image, label = digits.images[here.index], int(digits.labels[here.index])
    name, what = data.names[label], "digit" if data.shows_digits else "image"
    st.header(f"{SPLITS[here.split]} {what} {here.index:,}: {'a ' * data.shows_digits}{name}", anchor=False)
    _choose(here, len(digits))
    digit_picture(
        image,
        key="explore_large",
        alt=f"{'A handwritten' if data.shows_digits else 'An image of'} {name}, 28 by 28 pixels",
    )
    st.caption(_measures(data, here, label), help=trait_labels.EXPLAINED)
    _links(here)
    _nearest(data, here)


def _choose(here: Opened, n: int) -> None:
    st.session_state["explore_index"] = here.index
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
        st.number_input(
            "Index",
            0,
            n - 1,
            key="explore_index",
            on_change=lambda: open_digit(here.split, st.session_state["explore_index"]),
            width=170,
            help="The address of this page opens this digit again.",
        )
        st.button("Neighbours in the file", icon=":material/view_column:", on_click=grid_view.show_neighbourhood)


def _links(here: Opened) -> None:
    with st.container(horizontal=True, gap="medium"):
        send = {"send": f"{here.split}:{here.index}"}
        st.page_link("pages/draw.py", label="Send to Draw", icon=":material/draw:", query_params=send)
        if here.split == "train":
            follow = {"index": str(here.index)}
            st.page_link(
                "pages/prepare.py", label="Follow in Prepare", icon=":material/conversion_path:", query_params=follow
            )


def _measures(data: Mnist, here: Opened, label: int) -> str:
    """Its measures, and how each compares with other digits of its label."""
    measured, labels = trait_labels.of(data, here.split), data.split(here.split).labels
    parts = []
    others = f"{label}s" if data.shows_digits else f"images of {data.names[label]}"
    for name in morphology.MEASURES:
        value = measured[name][here.index]
        below = np.mean(measured[name][labels == label] < value)
        parts.append(f"{name} **{value:z.1f}** (higher than {below:.0%})")
    return f"Compared with the other {others} of its split: " + ", ".join(parts) + "."


def _nearest(data: Mnist, here: Opened) -> None:
    found = _nearest_of(here.split, here.index, fingerprint(data), data)
    st.markdown(
        f"**Most similar** among the {len(data.train) + len(data.validation):,} training and validation images, pixel "
        "by pixel"
    )
    images = np.stack([data.split(split).images[index] for split, index, _ in found])
    labels = [int(data.split(split).labels[index]) for split, index, _ in found]
    own = data.split(here.split).labels[here.index]
    digit_grid(
        DigitTiles(
            images,
            [f"{data.names[label]} · {distance:.1f}" for label, (_, _, distance) in zip(labels, found, strict=True)],
            marks=[None if label == own else False for label in labels],
            alt=f"The {len(found)} most similar training images, nearest first, with label and distance",
            tile=50,
        ),
        key="explore_nearest",
        selected=-1,
        on_choose=lambda position: open_digit(*found[position][:2]),
    )
    agreeing = sum(label == own for label in labels)
    st.caption(
        f"{agreeing} of {len(labels)} have the same label. Under each: label · distance (root of the summed squared "
        "differences, ink from 0 to 1)."
    )


@st.cache_data(show_spinner=False, max_entries=500)
def _nearest_of(split: str, index: int, key: str, _data: Mnist) -> list[tuple[str, int, float]]:
    """Split, index and distance of the nearest training images, except the digit itself."""
    image = _data.split(split).images[index]
    found = []
    for part in ("train", "validation"):
        indices, distances = neighbours.find_nearest(_data.split(part).images, image, NEIGHBOURS + 1)
        found += [(part, int(i), float(d)) for i, d in zip(indices, distances, strict=True)]
    others = [(part, i, d) for part, i, d in found if (part, i) != (split, index)]
    return sorted(others, key=lambda other: other[2])[:NEIGHBOURS]

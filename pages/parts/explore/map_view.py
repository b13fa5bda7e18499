"""Explore's map: similar digits are close together."""

import numpy as np
import streamlit as st

from core.data import projections
from core.data.cache import fingerprint
from core.data.mnist import Mnist
from core.data.sampling import stratified_sample
from core.data.studies import Study
from pages.parts.explore import study_progress
from pages.parts.explore.digit_map import MapPoints, digit_map
from pages.parts.explore.state import Choice, Opened, keep_only, open_digit
from pages.shared import caches
from pages.shared.run_picker import choose_run

MAX_IMAGES = 3000  # more points cannot be distinguished
KINDS = {
    "pca2": "Principal components",
    "pca3": "Principal components in 3D",
    "tsne": "t-SNE",
    "run": "Last hidden layer of a run",
}


def show(data: Mnist, choice: Choice, here: Opened) -> None:
    """The kind of map, and the map."""
    kind = st.segmented_control(
        "Kind of map",
        list(KINDS),
        format_func=KINDS.__getitem__,
        default="pca2",
        required=True,
        key="explore_map_kind",
        persist_state="session",
        wrap=True,
    )
    if not len(choice.before_lasso):
        st.info(f"There are {choice.words.replace('0 ', 'no ', 1)}. Choose other digits or another split.")
        return
    draw = {"pca2": _components, "pca3": _components, "tsne": _tsne, "run": _run}[kind]
    draw(data, choice, *((2 if kind == "pca2" else 3,) if draw is _components else ()))


def _components(data: Mnist, choice: Choice, dims: int) -> None:
    found = _axes(fingerprint(data), data)
    at = _sample(data, choice)
    shares = [f"{share:.1%}" for share in found.shares[:dims]]
    st.caption(
        f"Each axis is a direction in which the {sum(map(len, data[:3])):,} images differ most; the axes explain "
        f"{', '.join(shares[:-1])} and {shares[-1]} of all variance of the pixels. "
        + ("Drag to rotate." if dims == 3 else "Drag to move.")
    )
    _map(data, choice, at, found.project(data.split(choice.split).images[at], dims), f"pca{dims}")


def _tsne(data: Mnist, choice: Choice) -> None:
    result = study_progress.ready(
        Study("tsne", data),
        "t-SNE keeps similar digits close together; distances between distant groups mean little. It takes about "
        "a minute for 5,000 digits, runs in the background and is saved.",
    )
    if result is None:
        return
    st.caption(
        "t-SNE (van der Maaten and Hinton 2008) of 5,000 digits, from their first fifty principal components. Groups "
        "are meaningful; their sizes and the gaps between them are not."
    )
    inside = np.isin(result[choice.split], choice.before_lasso)
    _map(data, choice, result[choice.split][inside], result[f"{choice.split}_places"][inside], "tsne")


def _run(data: Mnist, choice: Choice) -> None:
    run = choose_run("Run", key="explore_run")
    if run is None:
        return
    at = _sample(data, choice)
    places, shares = _features(run.id, choice.split, at, fingerprint(data), data)
    st.caption(
        f"The output of this network's last hidden layer, along its two strongest principal components "
        f"({shares[0]:.0%} and {shares[1]:.0%} of the variance). Compare it with the map of the pixels: training "
        "separates the digits."
    )
    _map(data, choice, at, places, "run")


def _map(data: Mnist, choice: Choice, at: np.ndarray, places: np.ndarray, kind: str) -> None:
    digits = data.split(choice.split)[at]
    captions = [f"{data.names[label]} · {index}" for label, index in zip(digits.labels, at, strict=True)]
    digit_map(
        MapPoints(places, digits.images, digits.labels, captions, data.names),
        key=f"explore_map_{kind}",
        alt=f"A map of {len(at):,} {choice.split} images, coloured by class",
        on_choose=lambda position: open_digit(choice.split, at[position]),
        reveal="closer",
        on_surround=lambda inside: keep_only(choice.split, at[inside] if len(inside) else None),
    )
    st.caption(
        f"{len(at):,} of {len(choice.before_lasso):,} images. Click one to open it. Press “Select an area” and draw a "
        "line around images: the other views then show only these."
    )


def _sample(data: Mnist, choice: Choice) -> np.ndarray:
    """At most 3,000 of the chosen positions, the same each time, equally many of each digit."""
    positions = choice.before_lasso
    if len(positions) <= MAX_IMAGES:
        return positions
    labels = data.split(choice.split).labels[positions]
    return positions[stratified_sample(labels, MAX_IMAGES, np.random.default_rng(0))]


@st.cache_resource(show_spinner="Computing the principal components …", max_entries=3)
def _axes(key: str, _data: Mnist) -> projections.PrincipalAxes:
    return projections.load_axes(_data)


@st.cache_data(show_spinner="The network reads the digits …", max_entries=12)
def _features(run_id: str, split: str, at: np.ndarray, key: str, _data: Mnist) -> tuple:
    from core.network.explain import principal_components

    return principal_components(caches.reader(run_id).features(_data.split(split).images[at]))

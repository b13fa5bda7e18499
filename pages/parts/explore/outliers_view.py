"""Explore's outliers: likely label errors, unusual digits, and test images almost identical to training images."""

import numpy as np
import streamlit as st

from core.data import outliers
from core.data.cache import fingerprint
from core.data.mnist import Mnist
from core.data.studies import Study
from pages.parts.explore import study_progress
from pages.parts.explore.state import Choice, Opened, open_digit
from pages.shared.digit_grid import DigitTiles, digit_grid

MAX_IMAGES = 100
_PAIRS = MAX_IMAGES // 2
KINDS = {"labels": "Likely label errors", "outliers": "Far from all others", "duplicates": "Near-duplicates"}


def show(data: Mnist, choice: Choice, here: Opened) -> None:
    """The kind of outlier, the method, and the digits, most extreme first."""
    kind = st.segmented_control(
        "Outliers",
        list(KINDS),
        format_func=KINDS.__getitem__,
        default="labels",
        required=True,
        key="explore_odd_kind",
        persist_state="session",
        label_visibility="collapsed",
    )
    result = study_progress.ready(
        Study("oddities", data),
        "Compares every digit with all training images and tests it with networks that were not trained on it. It "
        "takes about a minute, runs in the background and is saved.",
    )
    if result is not None:
        {"labels": _labels, "outliers": _outliers, "duplicates": _duplicates}[kind](data, choice, result)


def _labels(data: Mnist, choice: Choice, result: dict[str, np.ndarray]) -> None:
    labels = np.concatenate([digits.labels for digits in data[:3]])
    accuracy = np.mean(result["probabilities"].argmax(axis=1) == labels)
    found = _label_errors(fingerprint(data), labels, result["probabilities"])
    st.markdown(
        f"**Confident learning** ([Northcutt, Jiang and Chuang 2021](https://arxiv.org/abs/1911.00068)): a digit is "
        f"suspect when networks trained without it are confident that it is another one. Each of {outliers.FOLDS} "
        f"networks predicts the fifth that it was not trained on; together they are {accuracy:.1%} accurate. Of "
        f"{len(labels):,} labels, **{len(found.positions):,}** are suspect, the most likely first. Some are wrong "
        "labels, some are only hard to read: look and decide."
    )
    keep = _passes(data, choice, found.positions)
    st.caption(
        f"{keep.sum():,} of these are among the {choice.words}.{_first(keep.sum(), MAX_IMAGES)} "
        "Under each: the label or what the networks predict · how sure they are."
    )
    positions, suggested = found.positions[keep][:MAX_IMAGES], found.suggested[keep][:MAX_IMAGES]
    captions = [
        f"{data.names[labels[p]]} or {data.names[s]}? · {result['probabilities'][p, s]:.0%}"
        for p, s in zip(positions, suggested, strict=True)
    ]
    _grid(data, choice, positions, captions, "Digits whose label is probably wrong, with label and suggestion")


def _outliers(data: Mnist, choice: Choice, result: dict[str, np.ndarray]) -> None:
    st.markdown(
        "**Far from all others**: the mean distance to the five nearest training images "
        "([Ramaswamy, Rastogi and Shim 2000](https://doi.org/10.1145/342009.335437)), computed on the first fifty "
        "principal components. Under each: label · distance."
    )
    order, distances = outliers.outliers(result["distances"], len(result["distances"]))
    keep = _passes(data, choice, order)
    positions = order[keep][:MAX_IMAGES]
    st.caption(f"Among the {choice.words}.{_first(keep.sum(), MAX_IMAGES)}")
    captions = [f"{data.names[_label(data, p)]} · {d:.1f}" for p, d in zip(positions, distances[keep], strict=False)]
    _grid(data, choice, positions, captions, "The digits farthest from their nearest neighbours")


def _duplicates(data: Mnist, choice: Choice, result: dict[str, np.ndarray]) -> None:
    training = len(data.train) + len(data.validation)
    st.markdown(
        "**Near-duplicates**: a test image much closer to one training image than to the next four. Exact copies would "
        "make the test too easy ([Barz and Denzler 2020](https://doi.org/10.3390/jimaging6060041) found "
        "them in CIFAR). In each pair the test image comes first. Under each: label · index · distance."
    )
    pairs = outliers.near_duplicates(result["neighbours"], result["distances"], training)
    labels = data.test.labels[pairs[:, 0] - training]
    pairs = pairs[np.isin(labels, choice.digits) if choice.digits else slice(None)]
    if not len(pairs):
        of = f" of {', '.join(map(str, choice.digits))}" if choice.digits else ""
        st.info(f"No test image{of} is close to a training image.")
        return
    st.caption(f"{len(pairs):,} pairs, one for each test image, for any chosen split.{_first(len(pairs), _PAIRS)}")
    pairs = pairs[:_PAIRS]
    captions = [f"{data.names[_label(data, p)]} · {data.locate(p)[1]}" for p in pairs.ravel()]
    captions[::2] = [
        f"{text} · {d:.1f}" for text, d in zip(captions[::2], result["distances"][pairs[:, 0], 0], strict=True)
    ]
    _grid(data, choice, pairs.ravel(), captions, "Pairs of a test image and a very similar training image", columns=8)


def _first(found: int, most: int) -> str:
    """A sentence for the case that only the first `most` are shown."""
    return f" The first {most} are shown." if found > most else ""


def _grid(
    data: Mnist, choice: Choice, positions: np.ndarray, captions: list[str], alt: str, columns: int | None = None
) -> None:
    if not len(positions):
        st.info(f"None among the {choice.words.split(' ', 1)[1]}. Choose other digits or another split.")
        return
    places = [data.locate(position) for position in positions]
    images = np.stack([data.split(split).images[index] for split, index in places])
    digit_grid(
        DigitTiles(images, captions, alt=alt, tile=72, columns=columns),
        key="explore_odd",
        selected=-1,
        reveal="closer",
        on_choose=lambda position: open_digit(*places[position]),
    )


def _passes(data: Mnist, choice: Choice, positions: np.ndarray) -> np.ndarray:
    """Which of the positions are in the chosen split and pass its filters: bool (n,)."""
    return np.isin(positions, choice.positions + data.offset(choice.split))


def _label(data: Mnist, position: int) -> int:
    split, index = data.locate(position)
    return int(data.split(split).labels[index])


@st.cache_data(show_spinner=False, max_entries=4)
def _label_errors(key: str, labels: np.ndarray, probabilities: np.ndarray) -> outliers.LabelErrors:
    return outliers.label_errors(labels, probabilities)

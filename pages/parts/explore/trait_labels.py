"""Measures and mean images of each split, computed once for all visitors."""

import numpy as np
import streamlit as st

from core.data import morphology
from core.data.cache import fingerprint
from core.data.mnist import Mnist

NAMES = tuple(morphology.MEASURES)
EXPLAINED = "".join(f"* {words}.\n" for words in morphology.MEASURES.values())


def of(data: Mnist, split: str) -> dict[str, np.ndarray]:
    """Each measure of each digit of a split: name → float32 (n,)."""
    return _measured(split, fingerprint(data), data)


def means(data: Mnist, split: str) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of each digit's pixels: float32 (10, 28, 28) each, 0 to 255."""
    return _means(split, fingerprint(data), data)


def counts(data: Mnist, split: str) -> np.ndarray:
    """The number of images of each digit in a split: int64 (10,)."""
    return data.split(split).counts


def values(data: Mnist, split: str) -> np.ndarray:
    """The share of a split's pixels with each value: float64 (256,)."""
    return _values(split, fingerprint(data), data)


# Streamlit does not hash `_data`; `key`, its fingerprint, identifies it.
@st.cache_resource(show_spinner="Measuring the digits …", max_entries=6)
def _measured(split: str, key: str, _data: Mnist) -> dict[str, np.ndarray]:
    return morphology.measure(_data.split(split))


@st.cache_resource(show_spinner=False, max_entries=6)
def _means(split: str, key: str, _data: Mnist) -> tuple[np.ndarray, np.ndarray]:
    digits = _data.split(split)
    return morphology.mean_images(digits), morphology.std_images(digits)


@st.cache_resource(show_spinner=False, max_entries=6)
def _values(split: str, key: str, _data: Mnist) -> np.ndarray:
    return morphology.value_counts(_data.split(split)) / max(_data.split(split).images.size, 1)

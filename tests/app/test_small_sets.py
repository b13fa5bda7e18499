"""Any data set from 20 images on works on every page."""

import numpy as np
import pytest
import streamlit as st

from pages.parts.explore.views import VIEWS
from pages.parts.prepare.steps import NAMES
from pages.shared.frame import PAGES

SIZES = {20: (10, 10), 60: (40, 20), 250: (200, 50)}  # images: training, test


@pytest.fixture(params=SIZES)
def small_set(request, tmp_path, monkeypatch, embedded):
    """A set of this many images as MNIST_PATH, in a home of its own."""
    training, test = SIZES[request.param]
    np.savez(
        tmp_path / "small.npz",
        x_train=embedded.train.images[:training],
        y_train=embedded.train.labels[:training],
        x_test=embedded.test.images[:test],
        y_test=embedded.test.labels[:test],
    )
    monkeypatch.setenv("MNIST_PATH", str(tmp_path / "small.npz"))
    monkeypatch.setenv("DIGIT_LAB_HOME", str(tmp_path / "home"))
    st.cache_resource.clear()
    st.cache_data.clear()
    yield
    st.cache_resource.clear()
    st.cache_data.clear()


def problems(app) -> list[str]:
    """What went wrong. The shipped network may say that it was trained on other images: that is not a fault."""
    found = [error.value for error in (*app.exception, *app.error)]
    return [sentence for sentence in found if "was trained on another data set" not in sentence]


def test_every_page_opens(small_set, open_page):
    for page in PAGES:
        assert not problems(open_page(page.name)), page.name


def test_every_view_of_explore_and_every_split_opens(small_set, open_page):
    for view in VIEWS:
        for split in ("train", "validation", "test"):
            assert not problems(open_page("explore", view=view, split=split)), (view, split)


def test_every_step_of_prepare_opens(small_set, open_page):
    for step in NAMES:
        assert not problems(open_page("prepare", step=step)), step


def test_the_shipped_network_is_evaluated(small_set, open_page):
    for page in ("evaluate", "draw", "train"):
        assert not problems(open_page(page, run="shipped")), page

"""The maps against scikit-learn's principal components and its measure of how well a map keeps neighbours."""

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.manifold import trustworthiness
from threadpoolctl import threadpool_limits

from core.data import cache, projections


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    """What scikit-learn computes here is small, and many times slower on two threads while something else computes."""
    with threadpool_limits(1):
        yield


@pytest.fixture(scope="module")
def axes(tiny_mnist):
    return projections.principal_axes([tiny_mnist.train.images[:400], tiny_mnist.train.images[400:]])


@pytest.fixture(scope="module")
def pixels(tiny_mnist):
    return tiny_mnist.train.images.reshape(-1, 784) / 255


def test_the_axes_are_those_of_scikit_learn(axes, pixels):
    theirs = PCA(n_components=10, svd_solver="full").fit(pixels)
    assert axes.shares[:10] == pytest.approx(theirs.explained_variance_ratio_, rel=1e-4)
    assert axes.mean == pytest.approx(theirs.mean_, abs=1e-5)
    correlation = np.abs((axes.directions[:, :10] * theirs.components_.T).sum(axis=0))
    assert correlation == pytest.approx(np.ones(10), abs=1e-3)


def test_places_are_distances_along_the_axes(axes, pixels, tiny_mnist):
    places = axes.project(tiny_mnist.train.images, 3)
    assert places.shape == (1000, 3)
    assert places == pytest.approx((pixels - axes.mean) @ axes.directions[:, :3], abs=1e-4)


def test_no_images_have_no_places(axes):
    assert axes.project(np.zeros((0, 28, 28), np.uint8), 2).shape == (0, 2)


def test_the_axes_are_computed_once(tiny_mnist, monkeypatch):
    first = projections.load_axes(tiny_mnist)
    monkeypatch.setattr(projections, "principal_axes", lambda parts: pytest.fail("computed again"))
    assert np.array_equal(projections.load_axes(tiny_mnist).directions, first.directions)


def test_a_damaged_result_is_computed_again(tiny_mnist):
    projections.load_axes(tiny_mnist)
    path = cache.cache_path("axes", tiny_mnist)
    path.write_bytes(path.read_bytes()[:1000])
    assert projections.load_axes(tiny_mnist).directions.shape == (784, 50)


def test_another_data_set_has_another_name(tiny_mnist):
    swapped = tiny_mnist._replace(test=tiny_mnist.validation)
    assert cache.cache_path("axes", tiny_mnist) != cache.cache_path("axes", swapped)


def test_tsne_keeps_neighbours_together_and_reports_its_progress(tiny_mnist, monkeypatch):
    monkeypatch.setattr(projections, "TSNE_SAMPLE", {"train": 150, "validation": 30, "test": 30})
    monkeypatch.setattr(projections.sample, "__defaults__", (projections.TSNE_SAMPLE, 0))
    monkeypatch.setattr(projections, "_TSNE_STEPS", 300)
    told = []
    found = projections.tsne(tiny_mnist, told.append)
    assert told == sorted(told)
    assert told[-1] == pytest.approx(1.0)
    assert found["train_places"].shape == (150, 2)
    pixels = tiny_mnist.train.images[found["train"]].reshape(150, -1)
    assert trustworthiness(pixels, found["train_places"], n_neighbors=7) > 0.85

"""Nearest images, checked against every distance computed one by one."""

import numpy as np
import pytest

from core.data import neighbours


def test_the_nearest_are_those_of_a_plain_search(rng):
    images = rng.integers(0, 256, (5000, 28, 28), np.uint8)
    image = rng.integers(0, 256, (28, 28), np.uint8)
    distances = np.sqrt(((images / 255.0 - image / 255.0) ** 2).sum((1, 2)))
    found, far = neighbours.find_nearest(images, image, 400)
    np.testing.assert_allclose(distances[found], np.sort(distances)[:400], rtol=1e-5)
    np.testing.assert_allclose(far, distances[found], rtol=1e-5)


def test_an_image_is_its_own_nearest(embedded):
    found, far = neighbours.find_nearest(embedded.train.images, embedded.train.images[17], 3)
    assert found[0] == 17
    assert far[0] == pytest.approx(0, abs=0.02)
    assert len(found) == 3


def test_fewer_images_than_asked_for_give_what_there_is(embedded):
    found, _ = neighbours.find_nearest(embedded.train.images[:2], embedded.train.images[0], 8)
    assert sorted(found) == [0, 1]

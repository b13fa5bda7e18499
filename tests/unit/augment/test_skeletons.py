"""Skeletons are thin, connected as their strokes were, and know the distance of every pixel."""

import numpy as np
import pytest
from scipy import ndimage

from core.augment.skeletons import (
    BOTTOM,
    CELLS_PER_PIXEL,
    DISTANCE_STEPS,
    LEFT,
    MAX_DISTANCE,
    RIGHT,
    TOP,
    centre_lines,
    squared_distances,
    thin,
)


def pieces(cells: np.ndarray) -> int:
    return ndimage.label(cells, np.ones((3, 3)))[1]


def holes(cells: np.ndarray) -> int:
    return ndimage.label(~np.pad(cells, 1))[1] - 1


@pytest.fixture(scope="module")
def ink(embedded) -> np.ndarray:
    return embedded.train.images[:200] > 100


def test_a_bar_becomes_the_line_in_its_middle():
    bar = np.zeros((1, 20, 40), bool)
    bar[0, 8:13, 5:35] = True
    line = thin(bar)[0]
    assert set(np.flatnonzero(line.any(1))) == {10}
    assert line.sum() >= 25


def test_pieces_and_holes_of_real_digits_stay_as_many(ink: np.ndarray):
    lines = thin(ink)
    assert [pieces(line) for line in lines] == [pieces(cells) for cells in ink]
    assert [holes(line) for line in lines] == [holes(cells) for cells in ink]


def test_lines_lie_in_the_ink_and_hold_no_solid_square(ink: np.ndarray):
    lines = thin(ink)
    assert not (lines & ~ink).any()
    solid = lines[:, 1:, 1:] & lines[:, :-1, 1:] & lines[:, 1:, :-1] & lines[:, :-1, :-1]
    assert solid.sum() < 0.01 * lines.sum()


def test_thinning_a_line_again_changes_nothing(ink: np.ndarray):
    lines = thin(ink)
    assert np.array_equal(thin(lines), lines)


def test_distances_are_those_of_an_exact_distance_transform(ink: np.ndarray):
    lines = thin(ink[:50])
    exact = np.stack([ndimage.distance_transform_edt(~line) for line in lines])
    assert np.array_equal(squared_distances(lines), np.minimum(np.rint(exact**2), MAX_DISTANCE**2))


def test_an_upright_stroke_is_found_where_it_is():
    image = np.zeros((1, 28, 28), np.uint8)
    image[0, 4:24, 13:16] = 255
    lines = centre_lines(image)
    assert lines.middle[0] == pytest.approx([14.5, 14], abs=0.3)
    assert lines.extremes[0, TOP] == pytest.approx([14.5, 5], abs=1)
    assert lines.extremes[0, BOTTOM] == pytest.approx([14.5, 23], abs=1)
    assert lines.extremes[0, RIGHT, 0] == pytest.approx(lines.extremes[0, LEFT, 0], abs=0.6)
    assert lines.length[0] == pytest.approx(18, abs=3)
    across = lines.distance[0, 14 * CELLS_PER_PIXEL] / DISTANCE_STEPS / CELLS_PER_PIXEL
    assert across[18 * CELLS_PER_PIXEL] == pytest.approx(4, abs=0.5)


def test_a_blank_image_has_no_line_and_does_no_harm():
    lines = centre_lines(np.zeros((2, 28, 28), np.uint8))
    assert not lines.line_mask().any()
    assert lines.length.tolist() == [0, 0]
    assert lines.middle.tolist() == [[14, 14]] * 2


def test_no_images_have_no_lines():
    assert len(centre_lines(np.zeros((0, 28, 28), np.uint8))) == 0

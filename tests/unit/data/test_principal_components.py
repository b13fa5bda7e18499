"""Principal components: one function for the map of pixels, the map of features and the novelty check."""

import numpy as np

from core.data.principal_components import principal_directions


def test_the_strongest_direction_comes_first_and_points_up(rng):
    data = rng.normal(size=(500, 3)) * [1, 5, 2]
    directions, shares = principal_directions(np.cov(data.T), 2)
    assert directions.shape == (3, 2)
    assert abs(directions[1, 0]) > 0.99
    assert (directions[np.abs(directions).argmax(axis=0), [0, 1]] > 0).all()
    assert shares[0] > shares[1] > 0
    assert shares.sum() < 1


def test_there_are_no_more_directions_than_features():
    directions, shares = principal_directions(np.eye(1), 2)
    assert directions.shape == (1, 1)
    assert shares.tolist() == [1.0]

"""Seams: paths from top to bottom through little ink, along which touching digits can be cut."""

import math

import numpy as np

_MAX_SEAMS = 14  # seams tried in a wide piece
_SEAM_ROWS = 96  # seams are searched at this height
_SIDESTEP_COST = 0.03  # of a pixel of ink, for each step sideways


def find_seams(ink: np.ndarray) -> np.ndarray:
    """Where neighbours may touch: seams from top to bottom through little ink, int (seams, rows), from left to right.

    A seam may move sideways by one pixel per row, because digits that touch lean over one another.
    """
    grain = math.ceil(len(ink) / _SEAM_ROWS)  # in large pictures, the darkest pixel of each small square
    padded = np.pad(ink, [(0, -side % grain) for side in ink.shape])
    coarse = padded.reshape(len(padded) // grain, grain, -1, grain).max((1, 3))
    rows, columns = coarse.shape
    apart, reach = max(2, rows // 12), max(2, rows // 4)
    ways, costs = _cheapest_paths(coarse, np.arange(apart, columns - apart + 1, 2), reach)
    chosen: list[int] = []
    middles = ways.mean(1) if len(ways) else np.empty(0)
    for place in np.argsort(costs, kind="stable"):
        if all(abs(middles[place] - middles[other]) >= apart for other in chosen):
            chosen.append(int(place))
            if len(chosen) == _MAX_SEAMS:
                break
    chosen.sort(key=lambda place: middles[place])
    return np.repeat(ways[chosen] * grain, grain, axis=1)[:, : len(ink)]


def _cheapest_paths(ink: np.ndarray, columns: np.ndarray, reach: int) -> tuple[np.ndarray, np.ndarray]:
    """For each column the seam with the least ink, at most `reach` sideways: int (n, rows), and its ink, (n,)."""
    places = columns[:, None] + np.arange(-reach, reach + 1)
    beyond = (places < 0) | (places >= ink.shape[1])
    cost = np.where(beyond, np.inf, ink[:, np.clip(places, 0, ink.shape[1] - 1)])  # (rows, n, places)
    total, steps = cost[0], np.zeros(cost.shape, np.int8)
    for row in range(1, len(ink)):
        edged = np.pad(total, [(0, 0), (1, 1)], constant_values=np.inf)
        ways = np.stack([edged[:, :-2] + _SIDESTEP_COST, total, edged[:, 2:] + _SIDESTEP_COST])
        steps[row] = ways.argmin(0) - 1
        total = ways.min(0) + cost[row]
    at, each = total.argmin(1), np.arange(len(columns))
    costs, found = total[each, at], np.empty((len(columns), len(ink)), np.int64)
    for row in range(len(ink) - 1, -1, -1):
        found[:, row] = places[each, at]
        at = at + steps[row, each, at]
    return found, costs


def add_borders(seams: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """The seams with the left and the right edge of the picture added."""
    rows, columns = shape
    return np.concatenate([np.zeros((1, rows), int), seams, np.full((1, rows), columns)])

"""How long one matrix product takes on this machine in float32 and in float64."""

import time
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from threadpoolctl import threadpool_limits

from core.digits import SIDE

Shape = tuple[int, int, int]
PRODUCT_SHAPE = (64, SIDE * SIDE, 512)  # images, pixels, units: a batch meets the first layer of a small network


class ProductTimes(NamedTuple):
    """Seconds of one matrix product in two precisions."""

    float32: float
    float64: float


def time_matrix_product(
    repeats: int = 60,
    budget: float = 0.12,
    clock: Callable[[], float] = time.perf_counter,
    shape: Shape = PRODUCT_SHAPE,
) -> ProductTimes:
    """Times the product of a batch of images and a layer's weights, (images, pixels) @ (pixels, units).

    It uses one core. The two precisions take turns, so that other load on the machine affects both. The result is the
    best of `repeats` turns, or of as many as fit into `budget` seconds. The first turn is a warm-up and not counted.
    """
    images, pixels, units = shape
    operands = [(np.ones((images, pixels), dtype), np.ones((pixels, units), dtype)) for dtype in (np.float32, float)]
    turns: list[list[float]] = []
    with threadpool_limits(1):  # on a busy machine, threads that wait for each other distort the times
        began = clock()
        while len(turns) < 2 or (len(turns) <= repeats and clock() - began < budget):
            turns.append([_time_product(left, right, clock) for left, right in operands])
    return ProductTimes(*(min(times) for times in zip(*turns[1:], strict=True)))


def _time_product(left: np.ndarray, right: np.ndarray, clock: Callable[[], float]) -> float:
    began = clock()
    left @ right
    return clock() - began

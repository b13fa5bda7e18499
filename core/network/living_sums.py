"""The sum of a drawn unit: `w·x + b` with its largest products, or a filter on its patch."""

from collections.abc import Sequence

import numpy as np

from core.digits import SIDE
from core.network.living_view import Patch, Term

TERMS = 4  # products that are shown of one sum


def dense_sums(
    kernel: np.ndarray,
    biases: np.ndarray,
    given: np.ndarray,
    shape: tuple[int, ...],
    also: Sequence[Sequence[int]],
) -> tuple[np.ndarray, tuple[tuple[Term, ...], ...]]:
    """The sum of each unit and its largest products. `also`: for each unit, inputs that are shown beside them."""
    products = kernel * given[:, None]
    order = np.argsort(-np.abs(products), axis=0, kind="stable")[:TERMS]
    terms = tuple(
        tuple(
            Term(source(i, shape), float(kernel[i, unit]), float(given[i]), i)
            for i in dict.fromkeys([*map(int, order[:, unit]), *also[unit]])
        )
        for unit in range(kernel.shape[1])
    )
    return given @ kernel + biases, terms


def conv_sums(
    kernel: np.ndarray,
    biases: np.ndarray,
    given: np.ndarray,
    output: np.ndarray,
    shape: tuple[int, ...],
    also: Sequence[Sequence[int]],
) -> tuple[np.ndarray, tuple[tuple[Term, ...], ...], tuple[Patch, ...]]:
    """The sums at the place of each feature map where the activation is largest, with filter and patch."""
    side = kernel.shape[0]
    windows = np.lib.stride_tricks.sliding_window_view(given, (side, side), axis=(0, 1))  # (h', w', c, k, k)
    maps = np.tensordot(windows, kernel, axes=((3, 4, 2), (0, 1, 2))) + biases
    sums, terms, patches = [], [], []
    for unit in range(kernel.shape[-1]):
        row, column = np.unravel_index(int(output[..., unit].argmax()), maps.shape[:2])
        patch = np.moveaxis(windows[row, column], 0, -1)  # (k, k, c)
        products = patch * kernel[..., unit]
        channel = int(np.abs(products).sum(axis=(0, 1)).argmax())
        order = np.argsort(-np.abs(products), axis=None, kind="stable")[:TERMS]
        chosen = dict.fromkeys([*map(int, order), *also[unit]])
        places = [(each, *map(int, np.unravel_index(each, products.shape))) for each in chosen]
        terms.append(
            tuple(
                Term(
                    _at(c, int(row + a), int(column + b), shape),
                    float(kernel[a, b, c, unit]),
                    float(patch[a, b, c]),
                    index,
                )
                for index, a, b, c in places
            )
        )
        filters = kernel[..., channel, unit], patch[..., channel]
        patches.append(Patch(channel, kernel.shape[2], int(row), int(column), *filters))
        sums.append(maps[row, column, unit])
    return np.array(sums, np.float32), tuple(terms), tuple(patches)


def source(index: int, shape: tuple[int, ...]) -> str:
    """The name of one input of a dense layer; `shape` is what the layer before gives, () for the image."""
    if not shape:
        return f"pixel row {index // SIDE}, column {index % SIDE}"
    if len(shape) == 1:
        return f"unit {index}"
    row, column, channel = np.unravel_index(index, shape)
    return _at(int(channel), int(row), int(column), shape)


def _at(channel: int, row: int, column: int, shape: tuple[int, ...]) -> str:
    return f"map {channel}, row {row}, column {column}" if shape else f"pixel row {row}, column {column}"

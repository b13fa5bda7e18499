"""Dead units: their output is 0 for every image, so no gradient passes them and they learn nothing more."""

from typing import NamedTuple

import numpy as np

from core.network.numpy_network import Reader

_CHUNK = 64  # images at a time: the outputs of a convolution still fit into the processor's cache


class DeadUnits(NamedTuple):
    """How many of a layer's units are dead."""

    layer: str
    dead: int
    units: int

    @property
    def share(self) -> float:
        return self.dead / self.units


def is_dead(activations: np.ndarray) -> np.ndarray:
    """Whether each relu unit is 0 for every image: float (n, units) → bool (units,). The largest values do as well."""
    return np.asarray(np.max(activations, axis=0, initial=0) <= 0)


def dead_units(reader: Reader, images: np.ndarray) -> list[DeadUnits]:
    """The dead units of each relu layer, in order. images: uint8 (n, 28, 28); a filter counts as one unit."""
    highest: dict[str, np.ndarray] = {}
    for start in range(0, len(images), _CHUNK):
        for row, output in reader.layers(images[start : start + _CHUNK])[:-1]:
            if row.activation == "relu":
                values = output.reshape(-1, output.shape[-1])  # (images × positions, units)
                highest[row.name] = np.maximum(values.max(0), highest.get(row.name, 0))
    return [DeadUnits(name, int(is_dead(high[None]).sum()), len(high)) for name, high in highest.items()]

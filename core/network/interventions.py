"""What happens to a trained network when a part of it is switched off or weakened. Nothing of this is kept."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.digits import Digits
from core.errors import NetworkError
from core.network.forward import MODEL
from core.network.living import LivingNetwork

OFF, HALVE = "off", "halve"
ALL_UNITS = -1
_BATCH = 64


@dataclass(frozen=True)
class Intervention:
    """Switches off one unit (or all units) of a layer, or halves the largest weight of one unit."""

    what: str
    layer: str
    unit: int

    @property
    def description(self) -> str:
        if self.what == HALVE:
            return f"largest weight of {self.layer} unit {self.unit} halved"
        return f"all of {self.layer} off" if self.unit == ALL_UNITS else f"{self.layer} unit {self.unit} off"


def intervention(network: LivingNetwork, what: object, layer: object, unit: object) -> Intervention:
    """Checks what a browser asks for. Raises `NetworkError` where the network has no such part."""
    units = {row.name: row.output_shape[-1] for row in (network.rows[first] for first, _ in network.drawn[:-1])}
    if what not in (OFF, HALVE) or layer not in units or type(unit) is not int:
        raise NetworkError("A change must name a hidden layer of this network and one of its units. Choose a unit.")
    low = ALL_UNITS if what == OFF else 0
    if not low <= unit < units[str(layer)]:
        raise NetworkError(f"{layer} has the units 0 to {units[str(layer)] - 1}. Choose one of them.")
    return Intervention(str(what), str(layer), unit)


def apply_interventions(
    network: LivingNetwork, interventions: Sequence[Intervention]
) -> tuple[LivingNetwork, dict[str, np.ndarray]]:
    """A copy of the network with halved weights, and the factors of its units: layer → float32 (units,), 0 = off."""
    weights = dict(network.weights)
    mask: dict[str, np.ndarray] = {}
    for each in interventions:
        path = f"{MODEL}/{each.layer}/kernel"
        kernel = weights[path]
        if each.what == HALVE:
            weights[path] = kernel = kernel.copy()
            column = kernel[..., each.unit]
            column[np.unravel_index(np.abs(column).argmax(), column.shape)] /= 2  # a view: it changes the kernel
        else:
            factors = mask.setdefault(each.layer, np.ones(kernel.shape[-1], np.float32))
            factors[slice(None) if each.unit == ALL_UNITS else each.unit] = 0
    return LivingNetwork(network.config, weights), mask


def accuracy(network: LivingNetwork, digits: Digits, mask: dict[str, np.ndarray]) -> float:
    """The share of digits that the network reads correctly with these factors."""
    right = 0
    for start in range(0, len(digits), _BATCH):
        part = digits[start : start + _BATCH]
        right += int((network.outputs(part.images, mask)[-1].argmax(axis=1) == part.labels).sum())
    return right / len(digits)

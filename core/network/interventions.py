"""What happens to a trained network when parts of it are switched off or weakened. Nothing of this is kept."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.errors import NetworkError
from core.network.forward import MODEL
from core.network.living import LivingNetwork
from core.network.living_sums import source

OFF, HALVE, HALVE_INPUT = "off", "halve", "halve input"
ALL_UNITS = -1
LARGEST = -1  # as `source`: the weight of the unit that is largest at that moment


@dataclass(frozen=True)
class Intervention:
    """Switches off one unit (or all units) of a layer, or halves weights of one unit.

    source: with HALVE the index of one weight, in the order of the kernel's memory; with HALVE_INPUT a unit, map or
    pixel of the layer before: all weights from there to this unit.
    """

    what: str
    layer: str
    unit: int
    source: int = LARGEST


def intervention(network: LivingNetwork, what: object, layer: object, unit: object, source: object) -> Intervention:
    """Checks what a browser asks for. Raises `NetworkError` where the network has no such part."""
    kernels = {row.name: _kernel(network, row.name) for row in (network.rows[first] for first, _ in network.drawn)}
    hidden = [network.rows[first].name for first, _ in network.drawn[:-1]]
    if what not in (OFF, HALVE, HALVE_INPUT) or layer not in (hidden if what == OFF else kernels):
        raise NetworkError("A change must name a layer of this network and one of its units. Choose a unit.")
    shape = kernels[str(layer)].shape
    low = ALL_UNITS if what == OFF else 0
    if type(unit) is not int or not low <= unit < shape[-1]:
        raise NetworkError(f"{layer} has the units 0 to {shape[-1] - 1}. Choose one of them.")
    count = {OFF: 0, HALVE: int(np.prod(shape[:-1])), HALVE_INPUT: _inputs(network, str(layer))}[str(what)]
    low = 0 if what == HALVE_INPUT else LARGEST
    if type(source) is not int or not low <= source < max(count, low + 1):
        raise NetworkError(f"A unit of {layer} has {count} inputs. Choose one of them.")
    return Intervention(str(what), str(layer), unit, source)


def apply_interventions(
    network: LivingNetwork, interventions: Sequence[Intervention]
) -> tuple[LivingNetwork, dict[str, np.ndarray]]:
    """A copy of the network with halved weights, and the factors of its units: layer → float32 (units,), 0 = off."""
    weights = dict(network.weights)
    mask: dict[str, np.ndarray] = {}
    for each in interventions:
        path = f"{MODEL}/{each.layer}/kernel"
        kernel = weights[path]
        if each.what == OFF:
            factors = mask.setdefault(each.layer, np.ones(kernel.shape[-1], np.float32))
            factors[slice(None) if each.unit == ALL_UNITS else each.unit] = 0
            continue
        weights[path] = kernel = np.array(kernel, order="C")
        column = kernel.reshape(-1, kernel.shape[-1])[:, each.unit]  # a view: a change of it changes the kernel
        if each.what == HALVE_INPUT:
            column.reshape(-1, _inputs(network, each.layer))[:, each.source] /= 2
        else:
            column[np.abs(column).argmax() if each.source == LARGEST else each.source] /= 2
    return LivingNetwork(network.config, weights), mask


def halved(network: LivingNetwork, interventions: Sequence[Intervention]) -> dict[str, dict[int, list[int]]]:
    """The single weights that were halved: layer → unit → their indices. `LivingNetwork.view` shows their products."""
    found: dict[str, dict[int, list[int]]] = {}
    for each in interventions:
        if each.what == HALVE:
            column = _kernel(network, each.layer).reshape(-1, _kernel(network, each.layer).shape[-1])[:, each.unit]
            index = int(np.abs(column).argmax()) if each.source == LARGEST else each.source
            found.setdefault(each.layer, {}).setdefault(each.unit, []).append(index)
    return found


def descriptions(network: LivingNetwork, interventions: Sequence[Intervention]) -> list[str]:
    """The changes in words, each once; "3 times" where it was repeated."""
    counted = Counter(_description(network, each) for each in interventions)
    return [text if times == 1 or text.endswith(" off") else f"{text} {times} times" for text, times in counted.items()]


def _description(network: LivingNetwork, change: Intervention) -> str:
    kernel = _kernel(network, change.layer)
    name = f"{change.layer} {'map' if kernel.ndim == 4 else 'unit'} {change.unit}"
    if change.what == OFF:
        return f"all of {change.layer} off" if change.unit == ALL_UNITS else f"{name} off"
    place = _place(network, change.layer)
    if change.what == HALVE_INPUT:
        what = "image" if place == 0 else f"{'map' if _is_conv(network, place - 1) else 'unit'} {change.source}"
        return f"all weights from {what} to {name} halved"
    if change.source == LARGEST:
        return f"largest weight of {name} halved"
    if kernel.ndim == 4:
        row, column, channel = np.unravel_index(change.source, kernel.shape[:-1])
        return f"filter weight at row {row}, column {column}, channel {channel} of {name} halved"
    shape = network.rows[network.drawn[place][0] - 1].output_shape if place else ()
    if place and _is_conv(network, place - 1):
        shape = next(
            row.output_shape for row in network.rows[network.drawn[place][0] :: -1] if len(row.output_shape) > 2
        )
    return f"weight from {source(change.source, shape)} to {name} halved"


def _kernel(network: LivingNetwork, layer: str) -> np.ndarray:
    return network.weights[f"{MODEL}/{layer}/kernel"]


def _place(network: LivingNetwork, layer: str) -> int:
    """The place of a layer among those that are drawn."""
    return [network.rows[first].name for first, _ in network.drawn].index(layer)


def _is_conv(network: LivingNetwork, place: int) -> bool:
    return network.rows[network.drawn[place][0]].kind == "conv"


def _inputs(network: LivingNetwork, layer: str) -> int:
    """How many units or maps the layer before has; of the first layer, its channels or pixels."""
    kernel, place = _kernel(network, layer), _place(network, layer)
    if kernel.ndim == 4 or place == 0:
        return kernel.shape[-2]
    return network.rows[network.drawn[place - 1][0]].output_shape[-1]

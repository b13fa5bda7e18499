"""The file of a moment, an `.npz`: written, and checked when it is read, because it may come from anywhere."""

import json
import math
from typing import Any

import numpy as np

from core.digits import NUM_CLASSES
from core.files import pack_arrays
from core.runs.moment import MAX_IMAGES, MAX_MAP_SIDE, MAX_MAPS, MAX_UNITS, LayerMoment, Moment

_MAX_LAYERS = 20
_NUMBERS = ("step", "epoch", "loss", "accuracy", "validation_loss", "validation_accuracy")
_LAYER_ARRAYS = {"units": np.int32, "kernel": np.float16, "bias": np.float16, "activations": np.float16}
_MAX_LEVEL = 127  # feature maps are kept in whole numbers from -127 to 127, with a factor for each map


def pack(moment: Moment) -> bytes:
    """The content of the file."""
    facts: dict[str, Any] = {name: getattr(moment, name) for name in _NUMBERS}
    facts["layers"] = [[each.name, each.kind, each.update_ratio, each.dead] for each in moment.layers]
    arrays = {"probabilities": moment.probabilities, "positions": moment.positions}
    for place, layer in enumerate(moment.layers):
        arrays |= {f"layer{place:02d}:{name}": array for name, array in _layer_arrays(layer).items()}
    arrays |= {f"weights{place:03d}": array for place, array in enumerate(moment.weights or ())}
    arrays["facts"] = np.frombuffer(json.dumps(facts).encode(), np.uint8)
    # Feature maps are mostly zeros and become half as large; weights and activations would hardly shrink.
    # NumPy's own level takes four times as long.
    return pack_arrays(arrays, level=1 if any(layer.kind == "conv" for layer in moment.layers) else 0)


def _layer_arrays(layer: LayerMoment) -> dict[str, np.ndarray]:
    arrays = {name: getattr(layer, name) for name in _LAYER_ARRAYS}
    if layer.kind != "conv":
        return arrays
    maps = layer.activations.astype(np.float32)
    with np.errstate(all="ignore"):  # of a network that has diverged
        scale = (np.abs(maps).max(axis=(1, 2)) / _MAX_LEVEL).astype(np.float16)
        levels = np.nan_to_num(np.rint(maps / np.maximum(scale, 1e-7)[:, None, None].astype(np.float32)))
    arrays |= {"activations": np.clip(levels, -_MAX_LEVEL, _MAX_LEVEL).astype(np.int8), "scale": scale}
    return arrays if layer.peaks is None else arrays | {"peaks": _rounded(layer.peaks)}


def _rounded(peaks: np.ndarray) -> np.ndarray:
    """Float16 with 7 of the 10 bits of the mantissa. The maps are no more exact; the file is a twentieth smaller."""
    with np.errstate(all="ignore"):  # of a network that has diverged
        mantissa, exponent = np.frexp(peaks.astype(np.float32))  # from 0.5 to 1
        return np.ldexp(np.rint(mantissa * 256) / 256, exponent).astype(np.float16)


def unpack(arrays: dict[str, np.ndarray], step: int) -> Moment:
    """The moment that the arrays of a file make. Raises `ValueError` or `KeyError` unless names and shapes fit."""
    facts = json.loads(bytes(arrays.pop("facts")))
    numbers = {name: float(facts[name]) for name in _NUMBERS}
    _require(numbers.pop("step") == step and math.isfinite(numbers["epoch"]) and numbers["epoch"] >= 0)
    n = len(arrays["probabilities"])
    probabilities = _array(arrays, "probabilities", np.float16, (n, NUM_CLASSES))
    positions = _array(arrays, "positions", np.float32, (n, 2))
    _require(0 < n <= MAX_IMAGES and 0 < len(facts["layers"]) <= _MAX_LAYERS)
    layers = tuple(_layer(arrays, place, layer_facts, n) for place, layer_facts in enumerate(facts["layers"]))
    weights = tuple(arrays.pop(name) for name in sorted(arrays) if name.startswith("weights"))
    _require(not arrays and all(weight.dtype == np.float32 for weight in weights))
    _require(layers[-1].kind == "dense" and len(layers[-1].units) == NUM_CLASSES)
    return Moment(
        step, **numbers, layers=layers, probabilities=probabilities, positions=positions, weights=weights or None
    )


def _layer(arrays: dict[str, np.ndarray], place: int, layer_facts: list[Any], n: int) -> LayerMoment:
    name, kind, update_ratio, dead = (
        str(layer_facts[0]),
        str(layer_facts[1]),
        float(layer_facts[2]),
        float(layer_facts[3]),
    )
    parts = {each: arrays.pop(f"layer{place:02d}:{each}") for each in _LAYER_ARRAYS}
    scale, peaks = (arrays.pop(f"layer{place:02d}:{each}", None) for each in ("scale", "peaks"))
    if scale is not None:
        _require(kind == "conv" and scale.dtype == np.float16 and parts["activations"].dtype == np.int8)
        _require(scale.shape == (len(parts["activations"]), parts["activations"].shape[-1]))
        parts["activations"] = parts["activations"] * scale[:, None, None]
    _require(all(parts[each].dtype == dtype for each, dtype in _LAYER_ARRAYS.items()))
    units, kernel, activations = parts["units"], parts["kernel"], parts["activations"]
    k = len(units)
    _require(units.shape == parts["bias"].shape == (k,) and 0 < k <= MAX_UNITS and bool((units >= 0).all()))
    _require(kernel.shape[-1] == activations.shape[-1] == k and kernel.size > 0)
    if kind == "conv":
        _require(kernel.ndim == activations.ndim == 4 and 0 < len(activations) <= MAX_MAPS)
        _require(max(activations.shape[1:3]) <= MAX_MAP_SIDE)
    else:
        _require(kind == "dense" and kernel.ndim == 2 and activations.shape == (n, k))
    _require(0 < len(name) <= 20 and 0 <= dead <= 1)
    _require(peaks is None or (kind == "conv" and peaks.dtype == np.float16 and peaks.shape == (n, k)))
    return LayerMoment(name, kind, **parts, update_ratio=update_ratio, dead=dead, peaks=peaks)


def _array(arrays: dict[str, np.ndarray], name: str, dtype: type, shape: tuple[int, ...]) -> np.ndarray:
    array = arrays.pop(name)
    _require(array.dtype == dtype and array.shape == shape)
    return array


def _require(condition: bool) -> None:
    if not condition:
        raise ValueError("not a moment")

"""Moments: small snapshots of a network while it learns, made to be shown. They cannot resume a run.

RUN/moments/<step, 8 digits>.npz. Step 0 is the untrained network.
"""

import io
import json
import math
import os
import zipfile
import zlib
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core.data.sampling import stratified_sample
from core.digits import NUM_CLASSES, Digits
from core.errors import RunError
from core.files import write_atomic
from core.runs.checkpoints import read_arrays
from core.runs.gate import MOMENT_FILE
from core.runs.run import Run
from core.untrusted import load_arrays

MAX_IMAGES = 500  # fixed images
FIRST_IMAGES = 25  # those that the Train page shows come first
MAX_UNITS = 32  # units of a layer in a moment
MAX_MAPS = FIRST_IMAGES  # images whose feature maps are in a moment; earlier versions kept those of three
MAX_MAP_SIDE = 14
MAX_FILE_BYTES = 64 * 2**20
_MAX_LAYERS = 20
MAX_FILM_BYTES = 256 * 2**20  # of all moments that are read for one film
_FOLDER = "moments"
_NUMBERS = ("step", "epoch", "loss", "accuracy", "validation_loss", "validation_accuracy")
_LAYER_ARRAYS = {"units": np.int32, "kernel": np.float16, "bias": np.float16, "activations": np.float16}
_MAX_LEVEL = 127  # feature maps are kept in whole numbers from -127 to 127, with a factor for each map


@dataclass(frozen=True, eq=False)
class LayerMoment:
    """One layer with weights at one moment, reduced to at most 32 of its units.

    update_ratio: norm of the change of the whole kernel since the moment before, per step, divided by the kernel's
    norm; NaN at the first moment. dead: share of all units whose output is 0 for every fixed image; 0 without relu.
    """

    name: str  # as in `core.config.layers`: dense512, conv32x3; softmax10 for the last
    kind: str  # "dense" or "conv"
    units: np.ndarray  # int32 (k,), k <= 32; the same in all moments of a run
    kernel: np.ndarray  # float16: dense (inputs, k); conv (height, width, channels, k)
    bias: np.ndarray  # float16 (k,); 0 where a normalisation follows
    activations: np.ndarray  # float16: dense (n, k); conv (at most 25, height, width, k), sides of at most 14
    update_ratio: float
    dead: float
    peaks: np.ndarray | None = None  # float16 (n, k): the largest value of each feature map; None in earlier versions


@dataclass(frozen=True, eq=False)
class Moment:
    """A network after `step` batches, with its answers for the fixed images of `fixed_images`.

    Where a run also trains on the fixed images (`validate_on` "test" or "none"), the validation figures say how well
    the network knows images that it trains on.
    """

    step: int
    epoch: float  # a fraction: 0.0 before training, 1.0 after the first epoch
    loss: float  # mean of the epoch so far; NaN at step 0
    accuracy: float
    validation_loss: float  # of the fixed images, measured at this moment
    validation_accuracy: float
    layers: tuple[LayerMoment, ...]  # from the image to the softmax
    probabilities: np.ndarray  # float16 (n, 10)
    positions: np.ndarray  # float32 (n, 2): first two principal components of the last hidden layer
    weights: tuple[np.ndarray, ...] | None = None  # float32, in the order of Keras' `Model.get_weights()`


class MomentFolder:
    """The writing side: the moments of one run."""

    def __init__(self, run: Run) -> None:
        self.run = run

    def write(self, moment: Moment) -> None:
        """Raises `RunError` where the disk is full."""
        write_moment(self.run, moment)

    def discard_after(self, step: int) -> None:
        """Removes what an earlier attempt wrote after `step`: a resumed run trains those steps again."""
        for path in _paths(self.run):
            if int(path.stem) > step:
                path.unlink(missing_ok=True)


def fixed_images(validation: Digits) -> np.ndarray:
    """Which validation images the moments of every run measure: int64 (at most 500,).

    The first 25 are those that the Train page shows; the others are drawn evenly over the ten digits.
    """
    first = np.arange(min(FIRST_IMAGES, len(validation)))
    rest = validation.labels[len(first) :]
    drawn = stratified_sample(rest, min(MAX_IMAGES - len(first), len(rest)), np.random.default_rng(0))
    return np.concatenate([first, len(first) + drawn]).astype(np.int64)


def has_all_weights(moment: Moment) -> bool:
    """Whether a moment holds all weights."""
    return moment.weights is not None


def all_weights(run: Run, moment: Moment) -> tuple[np.ndarray, ...] | None:
    """All weights at a moment, its own or those of the epoch that ended there; None where neither was kept."""
    if moment.weights is not None:
        return moment.weights
    epoch = round(moment.epoch)
    if epoch < 1 or moment.epoch != epoch:
        return None
    with suppress(RunError):
        return tuple(read_arrays(run.epoch_path(epoch)).values())
    return None


def write_moment(run: Run, moment: Moment) -> None:
    """Writes a moment whole or not at all. Raises `RunError` where the disk is full."""
    facts: dict[str, Any] = {name: getattr(moment, name) for name in _NUMBERS}
    facts["layers"] = [[each.name, each.kind, each.update_ratio, each.dead] for each in moment.layers]
    arrays = {"probabilities": moment.probabilities, "positions": moment.positions}
    for place, layer in enumerate(moment.layers):
        arrays |= {f"layer{place:02d}:{name}": array for name, array in _layer_arrays(layer).items()}
    arrays |= {f"weights{place:03d}": array for place, array in enumerate(moment.weights or ())}
    arrays["facts"] = np.frombuffer(json.dumps(facts).encode(), np.uint8)
    has_maps = any(layer.kind == "conv" for layer in moment.layers)
    path = run.folder / _FOLDER / f"{moment.step:08d}.npz"
    path.parent.mkdir(exist_ok=True)
    write_atomic(path, _packed(arrays, compressed=has_maps), durable=False)


def _packed(arrays: dict[str, np.ndarray], *, compressed: bool) -> bytes:
    """The arrays as an `.npz` file. Feature maps, mostly zeros, become half as large; NumPy's own level is slow."""
    packed = io.BytesIO()
    method = zipfile.ZIP_DEFLATED if compressed else zipfile.ZIP_STORED
    with zipfile.ZipFile(packed, "w", method, compresslevel=1) as archive:
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w") as member:
                np.lib.format.write_array(member, array, allow_pickle=False)
    return packed.getvalue()


def _layer_arrays(layer: LayerMoment) -> dict[str, np.ndarray]:
    arrays = {name: getattr(layer, name) for name in _LAYER_ARRAYS}
    if layer.kind != "conv":
        return arrays
    maps = layer.activations.astype(np.float32)
    with np.errstate(all="ignore"):  # of a network that has diverged
        scale = (np.abs(maps).max(axis=(1, 2)) / _MAX_LEVEL).astype(np.float16)
        levels = np.nan_to_num(np.rint(maps / np.maximum(scale, 1e-7)[:, None, None].astype(np.float32)))
    arrays |= {"activations": np.clip(levels, -_MAX_LEVEL, _MAX_LEVEL).astype(np.int8), "scale": scale}
    return arrays if layer.peaks is None else arrays | {"peaks": layer.peaks}


def read_moments(run: Run) -> list[Moment]:
    """The moments of a run in order of their steps. Damaged or strange files are left out.

    Where all files together are larger than 256 MiB, only every second, third … moment is read.
    """
    paths = _paths(run)
    stride = 1 + sum(_size(path) for path in paths) // MAX_FILM_BYTES
    return [moment for path in paths[::stride] if (moment := read_moment(path)) is not None]


def read_moment(path: Path) -> Moment | None:
    """One moment; None where the file is damaged or holds something else."""
    try:
        return _checked(load_arrays(path, MAX_FILE_BYTES), int(path.stem))
    except (OSError, ValueError, TypeError, LookupError, zlib.error, zipfile.BadZipFile, RecursionError):
        return None


def moment_names(run: Run) -> list[str]:
    """The file names of a run's moments in order of their steps."""
    try:
        names = os.listdir(run.folder / _FOLDER)
    except OSError:
        return []
    return sorted(name for name in names if MOMENT_FILE.fullmatch(name))


def _paths(run: Run) -> list[Path]:
    return [run.folder / _FOLDER / name for name in moment_names(run)]


def _size(path: Path) -> int:
    with suppress(OSError):
        return path.lstat().st_size
    return 0


def _checked(arrays: dict[str, np.ndarray], step: int) -> Moment:
    """The moment that the arrays of a file make. Raises `ValueError` or `KeyError` unless names and shapes fit."""
    facts = json.loads(bytes(arrays.pop("facts")))
    numbers = {name: float(facts[name]) for name in _NUMBERS}
    _require(numbers.pop("step") == step and math.isfinite(numbers["epoch"]) and numbers["epoch"] >= 0)
    probabilities, positions = arrays.pop("probabilities"), arrays.pop("positions")
    n = len(probabilities)
    _require(probabilities.dtype == np.float16 and probabilities.shape == (n, NUM_CLASSES))
    _require(positions.dtype == np.float32 and positions.shape == (n, 2))
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


def _require(condition: bool) -> None:
    if not condition:
        raise ValueError("not a moment")

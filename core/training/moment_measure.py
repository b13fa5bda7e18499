"""Turns the weights of a network into a moment: activations, dead units, updates and a map, in NumPy."""

from collections.abc import Collection, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from core.config.run_config import RunConfig
from core.data.mnist import Mnist
from core.digits import NUM_CLASSES
from core.network.architecture import LayerRow, layer_table
from core.network.dead_units import is_dead
from core.network.forward import MODEL, forward_rows, weight_paths
from core.runs.moment import MAX_MAP_SIDE, MAX_MAPS, MAX_UNITS, LayerMoment, Moment
from core.runs.moments import fixed_images
from core.training.batching import Sums

MAX_MOMENT_BYTES = 256_000  # without all weights: wide networks show fewer units a layer
MAX_BYTES_WITH_MAPS = 520_000  # of a network with feature maps; compressed, up to three quarters of it
BATCH = 100  # images: the output of a convolution for so many stays in the processor's cache
_COMPONENT_VECTORS, _COMPONENT_ROUNDS = 8, 12  # of the subspace iteration that finds two principal components
_COMPONENT_TOLERANCE = 1e-4  # it ends when the variance that the vectors hold grows by less than this share


Before = tuple[int, Sequence[np.ndarray]]  # the step and all weights of the snapshot before


class _Kept(NamedTuple):
    """What a moment keeps of the outputs of one layer."""

    activations: np.ndarray  # as in `LayerMoment`, in float32
    peaks: np.ndarray | None  # float16 (n, k), of feature maps
    dead: float


class MomentMeasure:
    """Turns weights into moments."""

    def __init__(self, config: RunConfig, data: Mnist) -> None:
        self.rows = layer_table(config)
        fixed = data.validation[fixed_images(data.validation)]
        self.images, self.labels = fixed.images, fixed.labels
        self.parameters = sum(row.parameters for row in self.rows)
        self.paths = weight_paths(config)
        self.units = _units_shown(self.rows, len(self.labels))
        self.whole_steps: Collection[int] = (0,)
        self._components: np.ndarray | None = None

    def __call__(
        self, step: int, epoch: float, sums: Sums | None, full: Sequence[np.ndarray], before: Before | None = None
    ) -> Moment:
        """The moment of a network with the weights `full`, in Keras' order. before: the snapshot before it."""
        weights = dict(zip(self.paths, full, strict=True))
        changes = self._update_ratios(weights, step, before)
        outputs, features = self._outputs(weights)
        probabilities = outputs[self.rows[-1].name].activations
        layers = tuple(self._layer(row, weights, outputs[row.name], changes[row.name]) for row in self._weight_rows())
        right = probabilities[np.arange(len(self.labels)), self.labels]
        return Moment(
            step,
            epoch,
            sums.mean_loss if sums else np.nan,
            sums.accuracy if sums else np.nan,
            float(-np.log(np.maximum(right, np.finfo(np.float32).tiny)).mean()),
            float((probabilities.argmax(axis=1) == self.labels).mean()),
            layers,
            probabilities.astype(np.float16),
            self._positions(features),
            tuple(np.asarray(weight, np.float32) for weight in full) if step in self.whole_steps else None,
        )

    def _weight_rows(self) -> list[LayerRow]:
        return [row for row in self.rows if row.kind in ("dense", "conv")]

    def _outputs(self, weights: dict[str, np.ndarray]) -> tuple[dict[str, _Kept], np.ndarray]:
        """For each layer with weights what to keep of its outputs; and the outputs of the last hidden layer."""
        shown: dict[str, list[np.ndarray]] = {}
        peaks: dict[str, list[np.ndarray]] = {}
        largest: dict[str, np.ndarray] = {}
        features = []
        for start in range(0, len(self.images), BATCH):
            name = ""
            for row, values in forward_rows(self.rows, weights, self.images[start : start + BATCH]):
                if row.kind in ("dense", "conv"):
                    name = row.name
                if row is self.rows[-2]:
                    features.append(values)
                if not name or row.kind not in ("dense", "conv", "norm", "activation"):
                    name = ""
                    continue
                # Of a layer with a normalisation behind it, what counts is what comes out after both.
                if row.kind in ("dense", "conv"):
                    shown.setdefault(name, []).append(values[:0])
                    peaks.setdefault(name, []).append(values[:0])
                shown[name][-1] = self._reduced(name, values, first=start == 0)
                if row.activation == "relu" or values.ndim == 4:
                    each = values.reshape(len(values), -1, values.shape[-1]).max(axis=1)
                    peaks[name][-1] = each[:, self.units[name]]
                    if row.activation == "relu":
                        peak = each.max(axis=0)
                        largest[name] = np.maximum(largest[name], peak) if name in largest else peak
        dead = {name: float(is_dead(peak[None]).mean()) for name, peak in largest.items()}
        kept = {
            name: _Kept(
                np.concatenate(parts),
                np.concatenate(peaks[name]).astype(np.float16) if parts[0].ndim == 4 else None,
                dead.get(name, 0.0),
            )
            for name, parts in shown.items()
        }
        return kept, np.concatenate(features)

    def _reduced(self, name: str, values: np.ndarray, *, first: bool) -> np.ndarray:
        """The part of a layer's output that a moment keeps: of convolutions, small maps for a few images."""
        shown = values[..., self.units[name]]
        if values.ndim == 2:
            return shown
        return _small_maps(shown[:MAX_MAPS] if first else shown[:0])

    def _layer(self, row: LayerRow, weights: dict[str, np.ndarray], kept: _Kept, update_ratio: float) -> LayerMoment:
        path, units = f"{MODEL}/{row.name}", self.units[row.name]
        kernel = weights[f"{path}/kernel"]
        bias = weights.get(f"{path}/bias", np.zeros(kernel.shape[-1], np.float32))
        return LayerMoment(
            str(row.layer) if row.layer else f"softmax{NUM_CLASSES}",
            row.kind,
            units,
            kernel[..., units].astype(np.float16),
            bias[units].astype(np.float16),
            kept.activations.astype(np.float16),
            update_ratio,
            kept.dead,
            kept.peaks,
        )

    def _update_ratios(self, weights: dict[str, np.ndarray], step: int, before: Before | None) -> dict[str, float]:
        """For each layer with weights: the change of its kernel per step, beside the size of the kernel."""
        if before is None:
            return {row.name: float("nan") for row in self._weight_rows()}
        earlier, steps = dict(zip(self.paths, before[1], strict=True)), max(step - before[0], 1)
        paths = {row.name: f"{MODEL}/{row.name}/kernel" for row in self._weight_rows()}
        return {
            name: float(np.linalg.norm(weights[path] - earlier[path]) / steps / np.linalg.norm(weights[path]))
            for name, path in paths.items()
        }

    def _positions(self, features: np.ndarray) -> np.ndarray:
        """The two first principal components, by subspace iteration that begins where the last moment's ended."""
        centred = features.reshape(len(features), -1) - features.reshape(len(features), -1).mean(axis=0)
        if not np.isfinite(centred).all():
            return np.full((len(centred), 2), np.nan, np.float32)
        width = min(_COMPONENT_VECTORS, *centred.shape)
        found = self._components
        if found is None:
            found = np.random.default_rng(0).standard_normal((centred.shape[1], width)).astype(np.float32)
        scores, variance = centred @ found, 0.0
        for _ in range(_COMPONENT_ROUNDS):
            found = np.linalg.qr(centred.T @ scores)[0]
            scores = centred @ found
            before, variance = variance, float(np.square(scores).sum())
            if variance - before <= _COMPONENT_TOLERANCE * variance:
                break
        self._components = found
        _, rotation = np.linalg.eigh(scores.T @ scores)
        positions = (scores @ rotation[:, ::-1])[:, :2].astype(np.float32)
        return np.pad(positions, ((0, 0), (0, 2 - positions.shape[1])))


def _units_shown(rows: Sequence[LayerRow], n: int) -> dict[str, np.ndarray]:
    """For each layer with weights the units in a moment, spread evenly: int32 (k,)."""
    room = MAX_BYTES_WITH_MAPS if any(row.kind == "conv" for row in rows) else MAX_MOMENT_BYTES
    for most in (MAX_UNITS, 24, 16, 8, 4):
        if sum(_bytes_shown(below, row, most, n) for below, row in _with_inputs(rows)) <= room:
            break
    return {
        row.name: np.unique(np.linspace(0, row.output_shape[-1] - 1, _count(row, most)).round()).astype(np.int32)
        for _, row in _with_inputs(rows)
    }


def _count(row: LayerRow, most: int) -> int:
    return NUM_CLASSES if row.layer is None else min(row.output_shape[-1], most)


def _with_inputs(rows: Sequence[LayerRow]) -> list[tuple[int, LayerRow]]:
    """Each layer with weights, and how many values one of its units multiplies."""
    pairs = pairwise(rows)
    return [
        (below.output_shape[-1] * (row.layer.kernel**2 if row.layer and row.kind == "conv" else 1), row)
        for below, row in pairs
        if row.kind in ("dense", "conv")
    ]


def _bytes_shown(inputs: int, row: LayerRow, most: int, n: int) -> int:
    values = 2 * n + (MAX_MAPS * _map_side(row.output_shape[0]) ** 2 if row.kind == "conv" else 0)
    return _count(row, most) * (2 * inputs + values)


def _map_side(side: int) -> int:
    """The side of a feature map in a moment."""
    return side // -(-side // MAX_MAP_SIDE)


def _small_maps(maps: np.ndarray) -> np.ndarray:
    """Feature maps as means over squares, so that no side is longer than 14: (n, h, w, k)."""
    n, height, width, k = maps.shape
    side = -(-height // MAX_MAP_SIDE)  # images and windows are squares, and so are maps
    height, width = height // side, width // side
    return maps[:, : height * side, : width * side].reshape(n, height, side, width, side, k).mean(axis=(2, 4))

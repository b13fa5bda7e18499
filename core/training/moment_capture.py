"""Captures moments while a network trains: which steps, and what a moment shows.

The training thread only copies the weights. A thread of low priority measures the network and writes the moment, in
NumPy on one core: on two busy cores it takes what training leaves over, and finishes after `fit`.
"""

import os
import queue
import sys
import threading
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Protocol

import numpy as np
from threadpoolctl import ThreadpoolController

from core.config.run_config import RunConfig
from core.data.mnist import Mnist
from core.digits import NUM_CLASSES
from core.errors import RunError
from core.network.architecture import LayerRow, shapes
from core.network.forward import MODEL, through
from core.runs.moments import MAX_MAP_SIDE, MAX_MAPS, MAX_UNITS, LayerMoment, Moment, fixed_images
from core.training.batching import Sums

MAX_DOUBLINGS = 10  # steps 1, 2, 4, … 512
EVEN_MOMENTS = 24  # at least, spread evenly over a run
MAX_WHOLE_MOMENTS = 6
MAX_WHOLE_BYTES = 2_000_000  # of those after step 0 together
MAX_STEP_0_BYTES = 20_000_000
MAX_MOMENT_BYTES = 256_000  # without all weights: wide networks show fewer units a layer
QUEUE_BYTES = 100_000_000  # of weights that wait to be measured; more of them make training wait
LOWEST_PRIORITY = 19
BATCH = 100  # images: the output of a convolution for so many stays in the processor's cache
_COMPONENT_VECTORS, _COMPONENT_ROUNDS = 8, 12  # of the subspace iteration that finds two principal components


class MomentSink(Protocol):
    """Where moments go."""

    def write(self, moment: Moment) -> None: ...

    def discard_after(self, step: int) -> None: ...


class WeightSource(Protocol):
    """A copy of a network's weights, cheap to make, and the means to bring it into Keras' order and shapes."""

    def copy_weights(self) -> list[np.ndarray]: ...

    def full_weights(self, copied: list[np.ndarray]) -> list[np.ndarray]: ...


@dataclass(frozen=True, eq=False)
class _Snapshot:
    step: int
    copied: list[np.ndarray]
    sums: Sums | None  # of the epoch so far
    is_shown: bool = True  # False: only measures how far the weights move until the next one


def moment_steps(epochs: int, batches: int) -> list[int]:
    """The steps after which a run of `epochs` times `batches` steps has a moment, 0 among them.

    Close together at first (1, 2, 4, …), then evenly, each epoch's end among them in runs of at most 24 epochs.
    """
    per_epoch = -(-EVEN_MOMENTS // epochs)
    if per_epoch > 1:
        fractions = np.arange(1, per_epoch + 1) / per_epoch
        even = (np.arange(epochs)[:, None] * batches + np.ceil(fractions * batches)).astype(int).ravel()
    else:
        even = np.round(np.arange(1, EVEN_MOMENTS + 1) * epochs / EVEN_MOMENTS).astype(int) * batches
    doubled = [2**power for power in range(MAX_DOUBLINGS) if 2**power < even[0]]
    return sorted({0, *doubled, *map(int, even)})


def whole_steps(steps: Sequence[int], batches: int, weight_bytes: int) -> set[int]:
    """The steps whose moments hold all weights: step 0, and others as far as they are small.

    The ends of epochs are not among them: their weights have files of their own.
    """
    if weight_bytes > MAX_STEP_0_BYTES:
        return set()
    candidates = [step for step in steps if step == 0 or step % batches]
    count = min(MAX_WHOLE_MOMENTS, 1 + MAX_WHOLE_BYTES // weight_bytes, len(candidates))
    return {candidates[place] for place in np.linspace(0, len(candidates), count, endpoint=False).astype(int)}


class MomentCapture:
    """The moments of one run: `capture` copies the weights, a thread of its own does the rest."""

    def __init__(self, config: RunConfig, data: Mnist, source: WeightSource, sink: MomentSink, batches: int) -> None:
        self.source, self.sink, self.batches = source, sink, batches
        self.steps = moment_steps(config.epochs, batches)
        self.measure = MomentMeasure(config, data)
        self.measure.whole_steps = whole_steps(self.steps, batches, 4 * self.measure.parameters)
        copied_bytes = max(1, 4 * self.measure.parameters)
        self._queue: queue.Queue[_Snapshot | None] = queue.Queue(max(2, QUEUE_BYTES // copied_bytes))
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._work, name="moments", daemon=True)

    def start(self, step: int) -> None:
        """Begins the series at `step`: with a moment of the untrained network, or where a resumed run continues."""
        self.sink.discard_after(step)
        self._thread.start()
        self._queue.put(_Snapshot(step, self.source.copy_weights(), None, is_shown=step == 0))

    def capture(self, step: int, sums: Sums) -> None:
        """Copies the network as it is after `step`; `sums` are those of the epoch so far."""
        copied = Sums(sums.loss, sums.correct, sums.images)
        self._queue.put(_Snapshot(step, self.source.copy_weights(), copied))

    def finish(self) -> None:
        """Returns when all moments are written. Raises what went wrong, but for a full disk."""
        if not self._thread.is_alive():
            return
        self._queue.put(None)
        self._thread.join()
        if self._error:
            raise self._error

    def _work(self) -> None:
        if sys.platform == "linux":  # elsewhere a thread has no priority of its own
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), LOWEST_PRIORITY)
        while (snapshot := self._queue.get()) is not None:
            if self._error:
                continue
            try:
                self._write(snapshot)
            except Exception as error:  # raised by `finish`, in the thread that trains
                self._error = error

    def _write(self, snapshot: _Snapshot) -> None:
        with _libraries().limit(limits=1, user_api="blas"), np.errstate(all="ignore"):
            epoch = snapshot.step / self.batches
            moment = self.measure(snapshot.step, epoch, snapshot.sums, self.source.full_weights(snapshot.copied))
        if snapshot.is_shown:
            with suppress(RunError, FileNotFoundError):  # a full disk or a deleted folder: the run itself says so
                self.sink.write(moment)


class MomentMeasure:
    """Turns weights into moments, one after the other."""

    def __init__(self, config: RunConfig, data: Mnist) -> None:
        self.rows = shapes(config)
        fixed = data.validation[fixed_images(data.validation)]
        self.images, self.labels = fixed.images, fixed.labels
        self.parameters = sum(row.parameters for row in self.rows)
        self.paths = _weight_paths(self.rows)
        self.units = _units_shown(self.rows, len(self.labels))
        self.whole_steps: Collection[int] = (0,)
        self._before: tuple[int, dict[str, np.ndarray]] | None = None
        self._components: np.ndarray | None = None

    def __call__(self, step: int, epoch: float, sums: Sums | None, full: Sequence[np.ndarray]) -> Moment:
        """The moment of a network with the weights `full`, in Keras' order."""
        weights = dict(zip(self.paths, full, strict=True))
        outputs, features = self._outputs(weights)
        probabilities = outputs[self.rows[-1].name][0]
        layers = tuple(self._layer(row, weights, *outputs[row.name], step) for row in self._weight_rows())
        self._before = step, weights
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

    def _outputs(self, weights: dict[str, np.ndarray]) -> tuple[dict[str, tuple[np.ndarray, float]], np.ndarray]:
        """For each layer with weights the outputs to keep and the share of dead units; and the last hidden layer's."""
        shown: dict[str, list[np.ndarray]] = {}
        largest: dict[str, np.ndarray] = {}
        features = []
        for start in range(0, len(self.images), BATCH):
            name = ""
            for row, values in through(self.rows, weights, self.images[start : start + BATCH]):
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
                shown[name][-1] = self._reduced(name, values, first=start == 0)
                if row.activation == "relu":
                    peak = values.reshape(-1, values.shape[-1]).max(axis=0)
                    largest[name] = np.maximum(largest[name], peak) if name in largest else peak
        dead = {name: float((peak <= 0).mean()) for name, peak in largest.items()}
        kept = {name: (np.concatenate(parts), dead.get(name, 0.0)) for name, parts in shown.items()}
        return kept, np.concatenate(features)

    def _reduced(self, name: str, values: np.ndarray, *, first: bool) -> np.ndarray:
        """The part of a layer's output that a moment keeps: of convolutions, small maps for a few images."""
        shown = values[..., self.units[name]]
        if values.ndim == 2:
            return shown
        return _small_maps(shown[:MAX_MAPS] if first else shown[:0])

    def _layer(
        self, row: LayerRow, weights: dict[str, np.ndarray], activations: np.ndarray, dead: float, step: int
    ) -> LayerMoment:
        path, units = f"{MODEL}/{row.name}", self.units[row.name]
        kernel = weights[f"{path}/kernel"]
        bias = weights.get(f"{path}/bias", np.zeros(kernel.shape[-1], np.float32))
        return LayerMoment(
            str(row.layer) if row.layer else f"softmax{NUM_CLASSES}",
            row.kind,
            units,
            kernel[..., units].astype(np.float16),
            bias[units].astype(np.float16),
            activations.astype(np.float16),
            self._update_ratio(f"{path}/kernel", kernel, step),
            dead,
        )

    def _update_ratio(self, path: str, kernel: np.ndarray, step: int) -> float:
        if self._before is None:
            return float("nan")
        step_before, weights = self._before
        change = np.linalg.norm(kernel - weights[path]) / max(step - step_before, 1)
        return float(change / np.linalg.norm(kernel))

    def _positions(self, features: np.ndarray) -> np.ndarray:
        """The two first principal components, by subspace iteration that begins where the last moment's ended."""
        centred = features.reshape(len(features), -1) - features.reshape(len(features), -1).mean(axis=0)
        if not np.isfinite(centred).all():
            return np.full((len(centred), 2), np.nan, np.float32)
        width = min(_COMPONENT_VECTORS, *centred.shape)
        found = self._components
        if found is None:
            found = np.random.default_rng(0).standard_normal((centred.shape[1], width)).astype(np.float32)
        for _ in range(_COMPONENT_ROUNDS):
            found = np.linalg.qr(centred.T @ (centred @ found))[0]
        self._components = found
        scores = centred @ found
        _, rotation = np.linalg.eigh(scores.T @ scores)
        positions = (scores @ rotation[:, ::-1])[:, :2].astype(np.float32)
        return np.pad(positions, ((0, 0), (0, 2 - positions.shape[1])))


def _weight_paths(rows: Sequence[LayerRow]) -> list[str]:
    """The paths of a network's weights, in the order of Keras' `Model.get_weights()`."""
    names: dict[str, tuple[str, ...]] = {"norm": ("gamma", "beta", "moving_mean", "moving_variance")}
    for row in rows:
        if row.kind in ("dense", "conv"):
            names[row.name] = ("kernel", "bias") if row.bias else ("kernel",)
    return [f"{MODEL}/{row.name}/{name}" for row in rows for name in names.get(row.name, names.get(row.kind, ()))]


def _units_shown(rows: Sequence[LayerRow], n: int) -> dict[str, np.ndarray]:
    """For each layer with weights the units in a moment, spread evenly: int32 (k,)."""
    for most in (MAX_UNITS, 16, 8, 4):
        if sum(_bytes_shown(below, row, most, n) for below, row in _with_inputs(rows)) <= MAX_MOMENT_BYTES:
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
    values = MAX_MAPS * MAX_MAP_SIDE**2 if row.kind == "conv" else n
    return 2 * _count(row, most) * (inputs + values)


def _small_maps(maps: np.ndarray) -> np.ndarray:
    """Feature maps as means over squares, so that no side is longer than 14: (n, h, w, k)."""
    n, height, width, k = maps.shape
    side = -(-height // MAX_MAP_SIDE)  # images and windows are squares, and so are maps
    height, width = height // side, width // side
    return maps[:, : height * side, : width * side].reshape(n, height, side, width, side, k).mean(axis=(2, 4))


@cache
def _libraries() -> ThreadpoolController:
    return ThreadpoolController()

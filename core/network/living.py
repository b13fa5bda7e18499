"""The network as the pages draw it: its layers for one image, with activations, sums and the strongest connections.

Plain NumPy. `LivingNetwork` computes everything from all weights; `living_moment` does it from a snapshot of a run.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

import numpy as np

from core.config.run_config import RunConfig
from core.digits import SIDE
from core.network.architecture import layer_table
from core.network.dead_units import is_dead
from core.network.forward import MODEL, apply_activation, pre_activation, weight_paths
from core.network.living_sums import conv_sums, dense_sums
from core.network.living_view import LayerSurvey, LayerView, NetworkView

MAX_UNITS = 32  # units that are drawn of one layer
MAX_EDGES = 48  # connections that are drawn into one layer
EXCITING = 5  # images that are shown for one unit
_BATCH = 64  # images a call: their feature maps fit into the processor's cache
_SAME_BLOCK = ("norm", "activation")  # these rows finish what the dense or convolutional row before them began


class LivingNetwork:
    """A network with all its weights, ready to be drawn for any image."""

    def __init__(self, config: RunConfig, weights: Mapping[str, np.ndarray]) -> None:
        """weights: by Keras' path, as `Reader` has them."""
        self.config, self.weights, self.rows = config, weights, layer_table(config)

    @cached_property
    def drawn(self) -> list[tuple[int, int]]:
        """Of each drawn layer, the row that sums and the row that finishes it (normalisation and activation)."""
        found = []
        for first, row in enumerate(self.rows):
            if row.kind in ("dense", "conv"):
                last = first
                while last + 1 < len(self.rows) and self.rows[last + 1].kind in _SAME_BLOCK:
                    last += 1
                found.append((first, last))
        return found

    def outputs(self, images: np.ndarray, mask: Mapping[str, np.ndarray] | None = None) -> list[np.ndarray]:
        """What each row makes of the images: float32 (n, *output_shape). `mask`: factors for the units of a layer."""
        return list(self.outputs_from(0, images.astype(np.float32), mask))

    def outputs_from(
        self, start: int, values: np.ndarray, mask: Mapping[str, np.ndarray] | None = None
    ) -> Iterator[np.ndarray]:
        """The outputs of the rows from `start` on. values: the input of that row, float32 (n, …)."""
        ends = {last: self.rows[first].name for first, last in self.drawn}
        for place, row in enumerate(self.rows[start:], start):
            values = apply_activation(row.activation, pre_activation(row, self.weights, values))
            if mask and ends.get(place) in mask:
                values = values * mask[ends[place]]
            yield values

    def survey(self, images: np.ndarray, units: Sequence[np.ndarray] | None = None) -> tuple[LayerSurvey, ...]:
        """Looks at all `images`. Without `units`, it chooses those whose activation differs most between images."""
        highest: list[list[np.ndarray]] = [[] for _ in self.drawn]
        for start in range(0, len(images), _BATCH):
            outputs = self.outputs(images[start : start + _BATCH])
            for values, (_, last) in zip(highest, self.drawn, strict=True):
                output = outputs[last]
                values.append(output.reshape(len(output), -1, output.shape[-1]).max(axis=1))
        return tuple(
            survey_of(np.concatenate(values), None if units is None else units[place], self.rows[last].activation)
            for place, (values, (_, last)) in enumerate(zip(highest, self.drawn, strict=True))
        )

    def view(
        self,
        image: np.ndarray,
        surveys: Sequence[LayerSurvey],
        mask: Mapping[str, np.ndarray] | None = None,
        also: Mapping[str, Mapping[int, Sequence[int]]] | None = None,
    ) -> NetworkView:
        """The network for one image, uint8 (28, 28).

        also: layer → unit → indices of weights whose products are shown beside the largest ones.
        """
        outputs = [values[0] for values in self.outputs(image[None], mask)]
        layers: list[LayerView] = []
        for (first, last), survey in zip(self.drawn, surveys, strict=True):
            before = layers[-1] if layers else None
            given, more = outputs[first - 1], (also or {}).get(self.rows[first].name, {})
            layers.append(self._layer(first, given, outputs[last], survey, before, more))
        return NetworkView(image, tuple(layers), exact=True)

    def _layer(
        self,
        place: int,
        given: np.ndarray,
        output: np.ndarray,
        survey: LayerSurvey,
        before: LayerView | None,
        also: Mapping[int, Sequence[int]],
    ) -> LayerView:
        row, units = self.rows[place], survey.units
        path = f"{MODEL}/{row.name}"
        kernel = self.weights[f"{path}/kernel"][..., units]
        biases = self.weights[f"{path}/bias"][units] if row.bias else np.zeros(len(units), np.float32)
        conv, is_last = row.kind == "conv", place == self.drawn[-1][0]
        values, shape = output[..., units], self._input_shape(place, before)
        more = [also.get(int(unit), ()) for unit in units]
        if conv:
            sums, terms, patches = conv_sums(kernel, biases, given, values, shape, more)
        else:
            sums, terms, patches = *dense_sums(kernel, biases, given, shape, more), ()
        return LayerView(
            name=row.name,
            kind="conv" if conv else "output" if is_last else "dense",
            total=row.output_shape[-1],
            units=units,
            values=values.max(axis=(0, 1)) if conv else values,
            sums=sums,
            biases=biases,
            pictures=np.moveaxis(values, -1, 0) if conv else _weight_pictures(kernel) if before is None else None,
            edges=_strongest(_contributions(kernel, given, before), before),
            terms=terms,
            patches=patches,
            exciting=survey.exciting,
            dead=survey.dead,
            normed=self.rows[place + 1].kind == "norm" if place + 1 < len(self.rows) else False,
        )

    def _input_shape(self, place: int, before: LayerView | None) -> tuple[int, ...]:
        """The shape of the values that a row is given, before they were flattened; () for pixels."""
        if before is None:
            return ()
        shape = self.rows[place - 1].output_shape
        if len(shape) == 1 and before.kind == "conv" and self.rows[place - 1].kind == "flatten":
            shape = self.rows[place - 2].output_shape
        return shape


def survey_of(activations: np.ndarray, units: np.ndarray | None, activation: str) -> LayerSurvey:
    """What a layer does, from its activations on many images: float (n, units). For relu, dead means always 0."""
    if units is None:
        most = min(MAX_UNITS, activations.shape[1])
        order = np.argsort(-activations.std(axis=0), kind="stable")[:most]
        units = np.arange(most) if activations.shape[1] <= MAX_UNITS else order
    chosen = activations[:, units]
    exciting = np.argsort(-chosen, axis=0, kind="stable")[:EXCITING].T
    dead = is_dead(chosen) if activation == "relu" else np.zeros(len(units), bool)
    return LayerSurvey(units, exciting, dead)


def weights_by_path(config: RunConfig, arrays: Sequence[np.ndarray]) -> dict[str, np.ndarray]:
    """Names for weights in Keras' order (`Model.get_weights()`). Raises `ValueError` where their number differs."""
    return dict(zip(weight_paths(config), arrays, strict=True))


def _weight_pictures(kernel: np.ndarray) -> np.ndarray | None:
    return np.ascontiguousarray(kernel.T).reshape(-1, SIDE, SIDE) if len(kernel) == SIDE * SIDE else None


def _contributions(kernel: np.ndarray, given: np.ndarray, before: LayerView | None) -> np.ndarray:
    """weight x activation of each input, unit by unit: (pixels or units of the layer before, k)."""
    if kernel.ndim == 4:
        high, wide = (size - kernel.shape[0] + 1 for size in given.shape[:2])
        side = range(kernel.shape[0])
        seen = np.array([[given[a : a + high, b : b + wide].mean(axis=(0, 1)) for b in side] for a in side])
        return np.einsum("abc,abcu->cu", seen, kernel)
    channels = before.total if before else len(given)
    spread = given.reshape(-1, channels)
    return np.einsum("pc,pcu->cu", spread, kernel.reshape(len(spread), channels, -1))


def _strongest(contributions: np.ndarray, before: LayerView | None) -> tuple[tuple[int, int, float], ...]:
    """The strongest connections from drawn units (or pixels) to drawn units."""
    if before is None and len(contributions) == 1:  # a convolution looks at the one image: no pixel stands out
        return tuple((-1, unit, float(value)) for unit, value in enumerate(contributions[0]))
    return strongest(contributions if before is None else contributions[before.units], MAX_EDGES)


def strongest(contributions: np.ndarray, most: int) -> tuple[tuple[int, int, float], ...]:
    """The places and values of the largest contributions, the largest first, without zeros."""
    order = np.argsort(-np.abs(contributions), axis=None, kind="stable")[:most]
    pairs = (divmod(int(each), contributions.shape[1]) for each in order)
    return tuple((start, end, float(contributions[start, end])) for start, end in pairs if contributions[start, end])

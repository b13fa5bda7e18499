"""The network as the pages draw it, from a snapshot (a `Moment`) that a run kept while it learned.

A snapshot holds at most 32 units of each layer in float16, and their activations on fixed images. What it cannot know
is left out: `sums` is NaN there.
"""

from typing import NamedTuple

import numpy as np

from core.config.run_config import RunConfig
from core.digits import SIDE
from core.network.architecture import LayerRow, layer_table
from core.network.dead_units import is_dead
from core.network.living import EXCITING, MAX_EDGES, LivingNetwork, strongest, weights_by_path
from core.network.living_sums import TERMS, source
from core.network.living_view import LayerSurvey, LayerView, NetworkView, Term
from core.runs.moment import LayerMoment, Moment

_MAX_IMAGES = 25


def shown_images(moment: Moment) -> int:
    """How many of the fixed images, from the first on, a snapshot can show: 3 in earlier versions with feature maps."""
    kept = [len(layer.activations) for layer in moment.layers if layer.kind == "conv"]
    return min([_MAX_IMAGES, len(moment.probabilities), *kept])


def layer_names(config: RunConfig) -> list[str]:
    """The names of the layers of a moment, as the pages show them: dense1, conv2, and output for the last."""
    return [row.name for row in layer_table(config)[:-1] if row.kind in ("dense", "conv")] + ["output"]


def view_of(
    config: RunConfig, moment: Moment, images: np.ndarray, place: int, weights: tuple[np.ndarray, ...] | None
) -> NetworkView:
    """The network at `moment` for the fixed image `place`: exact with all its `weights`, else from the snapshot.

    images: uint8 (n, 28, 28), the fixed images in their order.
    """
    if weights is not None:
        network = LivingNetwork(config, weights_by_path(config, weights))
        if len(network.drawn) == len(moment.layers):
            return network.view(
                images[place], [_survey(layer, config, row) for layer, row in _with_rows(config, moment)]
            )
    layers: list[LayerView] = []
    image = images[place].reshape(-1).astype(np.float32) / 255
    for layer, row in _with_rows(config, moment):
        outputs = moment.probabilities if row.activation == "softmax" else layer.activations
        activations = outputs[place].astype(np.float32)
        answers = _Answers(activations, _values(layer, place, activations), _survey(layer, config, row))
        layers.append(_layer(layer, row, answers, image, layers[-1] if layers else None))
    return NetworkView(images[place], tuple(layers), exact=False)


def _with_rows(config: RunConfig, moment: Moment) -> list[tuple[LayerMoment, LayerRow]]:
    """Each layer of a snapshot with its row. Raises `ValueError` where they are not of one network."""
    rows = [row for row in layer_table(config) if row.kind in ("dense", "conv")]
    return list(zip(moment.layers, rows, strict=True))


def _survey(layer: LayerMoment, config: RunConfig, row: LayerRow) -> LayerSurvey:
    """Units, exciting images and dead units as the snapshot's own activations show them."""
    k = len(layer.units)
    if layer.kind == "conv" and layer.peaks is None:  # an earlier version kept the maps of three images only
        return LayerSurvey(layer.units, np.zeros((k, 0), int), np.zeros(k, bool))
    activations = (layer.activations if layer.peaks is None else layer.peaks).astype(np.float32)
    exciting = np.argsort(-activations, axis=0, kind="stable")[:EXCITING].T
    relu = row.activation == "relu" or (not row.activation and config.activation == "relu")
    dead = is_dead(activations) if relu else np.zeros(k, bool)
    return LayerSurvey(layer.units, exciting, dead)


class _Answers(NamedTuple):
    """What a layer gives for one image: `activations` as the snapshot has them, one of `values` for each unit."""

    activations: np.ndarray
    values: np.ndarray
    survey: LayerSurvey


def _layer(
    layer: LayerMoment, row: LayerRow, answers: _Answers, image: np.ndarray, before: LayerView | None
) -> LayerView:
    kernel, bias = layer.kernel.astype(np.float32), layer.bias.astype(np.float32)
    output, conv = row.activation == "softmax", layer.kind == "conv"
    given = _inputs(kernel, image, before)
    sums = np.full(len(layer.units), np.nan, np.float32)
    terms: tuple[tuple[Term, ...], ...] = ()
    edges: tuple[tuple[int, int, float], ...] = ()
    if given is not None:
        values, names = given
        products = kernel[names] * values[:, None]
        if len(names) == len(kernel):
            sums = products.sum(axis=0) + bias
        terms = _terms(kernel, names, values, products, () if before is None else (before.total,))
        edges = strongest(products, MAX_EDGES)
    return LayerView(
        name=row.name,
        kind="conv" if conv else "output" if output else "dense",
        total=row.output_shape[-1],
        units=layer.units,
        values=answers.values,
        sums=sums,
        biases=bias,
        pictures=_pictures(kernel, answers.activations, conv, before),
        edges=edges,
        terms=terms,
        exciting=answers.survey.exciting,
        dead=answers.survey.dead,
        normed=not row.bias,
    )


def _values(layer: LayerMoment, place: int, activations: np.ndarray) -> np.ndarray:
    """Each unit's activation; of a feature map the largest one. Earlier versions kept smaller maps and no peaks."""
    if layer.kind != "conv":
        return activations
    return activations.max(axis=(0, 1)) if layer.peaks is None else layer.peaks[place].astype(np.float32)


def _pictures(kernel: np.ndarray, activations: np.ndarray, conv: bool, before: LayerView | None) -> np.ndarray | None:
    if conv:
        return np.moveaxis(activations, -1, 0)
    return kernel.T.reshape(-1, SIDE, SIDE) if before is None and len(kernel) == SIDE * SIDE else None


def _inputs(kernel: np.ndarray, image: np.ndarray, before: LayerView | None) -> tuple[np.ndarray, np.ndarray] | None:
    """The known inputs of a dense layer, and which of its inputs they are; None where the snapshot holds none."""
    if kernel.ndim != 2:
        return None
    if before is None:
        return (image, np.arange(len(image))) if len(kernel) == len(image) else None
    return (before.values, before.units) if before.kind == "dense" and len(kernel) == before.total else None


def _terms(
    kernel: np.ndarray, names: np.ndarray, values: np.ndarray, products: np.ndarray, shape: tuple[int, ...]
) -> tuple[tuple[Term, ...], ...]:
    order = np.argsort(-np.abs(products), axis=0, kind="stable")[:TERMS]
    return tuple(
        tuple(
            Term(source(int(names[i]), shape), float(kernel[names[i], unit]), float(values[i]), int(names[i]))
            for i in order[:, unit]
        )
        for unit in range(kernel.shape[1])
    )

"""The network as the pages draw it, from a snapshot (a `Moment`) that a run kept while it learned.

A snapshot holds at most 32 units of each layer in float16, and their activations on fixed images. What it cannot know
is left out: `sums` is NaN there.
"""

import numpy as np

from core.config.run_config import RunConfig
from core.digits import SIDE
from core.network.architecture import LayerRow, layer_table
from core.network.living import EXCITING, MAX_EDGES, TERMS, LivingNetwork, source, strongest, weights_by_path
from core.network.living_view import LayerSurvey, LayerView, NetworkView, Term
from core.runs.moments import LayerMoment, Moment

_MAX_IMAGES = 25


def shown_images(moment: Moment) -> int:
    """How many of the fixed images, from the first on, a snapshot can show: few where it holds feature maps."""
    counts = [len(layer.activations) for layer in moment.layers if layer.kind == "conv"]
    return min([_MAX_IMAGES, len(moment.probabilities), *counts])


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
        activations, survey = outputs[place].astype(np.float32), _survey(layer, config, row)
        layers.append(_layer(layer, row, activations, survey, image, layers[-1] if layers else None))
    return NetworkView(images[place], tuple(layers), exact=False)


def _with_rows(config: RunConfig, moment: Moment) -> list[tuple[LayerMoment, LayerRow]]:
    """Each layer of a snapshot with its row. Raises `ValueError` where they are not of one network."""
    rows = [row for row in layer_table(config) if row.kind in ("dense", "conv")]
    return list(zip(moment.layers, rows, strict=True))


def _survey(layer: LayerMoment, config: RunConfig, row: LayerRow) -> LayerSurvey:
    """Units, exciting images and dead units as the snapshot's own activations show them."""
    k = len(layer.units)
    if layer.kind == "conv":  # the maps of three images say too little of what excites a filter
        return LayerSurvey(layer.units, np.zeros((k, 0), int), np.zeros(k, bool))
    activations = layer.activations.astype(np.float32)
    exciting = np.argsort(-activations, axis=0, kind="stable")[:EXCITING].T
    relu = row.activation == "relu" or (not row.activation and config.activation == "relu")
    dead = np.asarray((activations <= 0).all(axis=0)) if relu else np.zeros(k, bool)
    return LayerSurvey(layer.units, exciting, dead)


def _layer(
    layer: LayerMoment,
    row: LayerRow,
    activations: np.ndarray,
    survey: LayerSurvey,
    image: np.ndarray,
    before: LayerView | None,
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
        values=activations.max(axis=(0, 1)) if conv else activations,
        sums=sums,
        biases=bias,
        pictures=_pictures(kernel, activations, conv, before),
        edges=edges,
        terms=terms,
        exciting=survey.exciting,
        dead=survey.dead,
        normed=not row.bias,
    )


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
            Term(source(int(names[i]), shape), float(kernel[names[i], unit]), float(values[i])) for i in order[:, unit]
        )
        for unit in range(kernel.shape[1])
    )

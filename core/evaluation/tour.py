"""A first tour of a run: captions that point at what happened in its own moments, in the order of time."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.data.class_names import DIGITS, Names
from core.evaluation import tour_images, tour_network
from core.evaluation.projection_film import predictions
from core.evaluation.tour_stop import Recording, Stop
from core.runs.moment import Moment


@dataclass(frozen=True)
class Words:
    """Names that the film uses, so that the captions use the same."""

    layers: Sequence[str]  # of the layers with weights, the last is "output"
    images: str  # what the fixed images are: "validation images"
    place: int = 0  # which of the fixed images runs through the network
    classes: Names = DIGITS


def tour(moments: Sequence[Moment], labels: np.ndarray, words: Words) -> list[Stop]:
    """The stops of a run from its first moment to its last; none for a run of a single moment.

    labels: uint8 (images,), of the fixed images. A fact that the run does not have gets no stop. Where the outputs are
    no longer numbers, the tour ends.
    """
    sound = _sound(moments)
    if len(moments) < 2 or not sound:
        return []
    recording = Recording(tuple(moments[:sound]), labels, predictions(moments[:sound]), *_names(words))
    first = [tour_network.beginning(recording), tour_network.one_image(recording), tour_network.first_loss(recording)]
    found = [
        tour_images.recognised(recording),
        tour_network.passes(recording, 0.5),
        tour_network.largest_update(recording),
        tour_images.told_apart(recording),
        tour_network.passes(recording, 0.9),
        tour_images.forgotten(recording),
        tour_network.over_fitting(recording),
        tour_images.learned_last(recording),
        tour_network.dead_units(recording),
    ]
    between = sorted((stop for stop in found if stop), key=lambda stop: stop.position)
    broke = sound < len(moments)
    last = tour_network.broken(recording, moments[sound]) if broke else tour_network.ending(recording)
    return [*(stop for stop in first if stop), *between, last]


def _sound(moments: Sequence[Moment]) -> int:
    """How many moments there are before the first whose outputs are not all numbers."""
    for position, moment in enumerate(moments):
        if not np.isfinite(moment.probabilities).all():
            return position
    return len(moments)


def _names(words: Words) -> tuple[tuple[str, ...], str, int, Names]:
    return tuple(words.layers), words.images, words.place, words.classes

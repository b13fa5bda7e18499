"""The lesson in order: each step has a name for the link, a title and what draws it."""

from collections.abc import Callable
from typing import NamedTuple

from pages.shared import (
    prepare_augment,
    prepare_harder,
    prepare_labels,
    prepare_loss,
    prepare_parts,
    prepare_shapes,
    prepare_softmax,
    prepare_tensors,
    prepare_values,
    prepare_verbose,
)
from pages.shared.lesson import Example


class Step(NamedTuple):
    """One step of the lesson."""

    name: str  # in the link: ?step=one-hot
    title: str
    draw: Callable[[Example], None]


STEPS = (
    Step("tensors", "Tensors", prepare_tensors.tensors),
    Step("broadcasting", "Broadcasting", prepare_shapes.broadcasting),
    Step("flatten", "Flatten", prepare_shapes.flattening),
    Step("normalise", "Normalise", prepare_values.normalising),
    Step("one-hot", "One-hot", prepare_labels.one_hot_labels),
    Step("parts", "Three parts", prepare_parts.three_parts),
    Step("batches", "Batches", prepare_parts.in_batches),
    Step("softmax", "Softmax", prepare_softmax.by_hand),
    Step("loss", "Cross-entropy", prepare_loss.two_forms),
    Step("twice", "Softmax twice", prepare_softmax.twice),
    Step("verbose", "What fit prints", prepare_verbose.verbosity),
    Step("augment", "Augmentation", prepare_augment.previewer),
    Step("harder", "Make it harder", prepare_harder.harder),
)
NAMES = [step.name for step in STEPS]
BY_NAME = {step.name: step for step in STEPS}
TITLES = {step.name: step.title for step in STEPS}

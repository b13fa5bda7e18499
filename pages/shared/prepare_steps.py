"""The lesson in order: each step has a name for the link, a title and what draws it."""

from collections.abc import Callable
from typing import NamedTuple

from pages.shared import prepare_answers, prepare_augment, prepare_images, prepare_labels, prepare_shapes
from pages.shared.lesson import Example


class Step(NamedTuple):
    """One step of the lesson."""

    name: str  # in the link: ?step=one-hot
    title: str
    draw: Callable[[Example], None]


STEPS = (
    Step("tensors", "Tensors", prepare_shapes.tensors),
    Step("broadcasting", "Broadcasting", prepare_shapes.broadcasting),
    Step("flatten", "Flatten", prepare_images.flattening),
    Step("normalise", "Normalise", prepare_images.normalising),
    Step("one-hot", "One-hot", prepare_labels.one_hot_labels),
    Step("parts", "Three parts", prepare_labels.three_parts),
    Step("batches", "Batches", prepare_labels.in_batches),
    Step("softmax", "Softmax", prepare_answers.by_hand),
    Step("loss", "Cross-entropy", prepare_answers.two_forms),
    Step("twice", "Softmax twice", prepare_answers.twice),
    Step("verbose", "What fit prints", prepare_answers.verbosity),
    Step("augment", "Augmentation", prepare_augment.previewer),
    Step("harder", "Make it harder", prepare_augment.harder),
)
NAMES = [step.name for step in STEPS]
BY_NAME = {step.name: step for step in STEPS}

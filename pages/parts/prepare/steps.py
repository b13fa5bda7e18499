"""The lesson in order: each step has a name for the link, a title and what draws it."""

from collections.abc import Callable
from typing import NamedTuple

from pages.parts.prepare import (
    augment_step,
    harder_step,
    labels_step,
    learning_steps,
    loss_step,
    shapes_step,
    softmax_step,
    split_step,
    tensors_step,
    values_step,
    verbose_step,
)
from pages.parts.prepare.lesson import Example


class Step(NamedTuple):
    """One step of the lesson."""

    name: str  # in the link: ?step=one-hot
    title: str
    draw: Callable[[Example], None]
    for_programmers: bool = False


STEPS = (
    Step("tensors", "Tensors", tensors_step.tensors),
    Step("broadcasting", "Broadcasting", shapes_step.broadcasting),
    Step("flatten", "Flatten", shapes_step.flattening),
    Step("normalise", "Normalise", values_step.normalising),
    Step("one-hot", "One-hot", labels_step.one_hot_labels),
    Step("parts", "Three parts", split_step.three_parts),
    Step("batches", "Batches", split_step.in_batches),
    Step("softmax", "Softmax", softmax_step.by_hand),
    Step("loss", "Cross-entropy", loss_step.two_forms),
    Step("neuron", "A neuron", learning_steps.neuron),
    Step("gradient", "The gradient", learning_steps.gradient),
    Step("one-step", "One step, by hand", learning_steps.by_hand),
    Step("learning-rate", "The learning rate", learning_steps.learning_rate),
    Step("augment", "Augmentation", augment_step.previewer),
    Step("harder", "Make it harder", harder_step.harder),
    Step("twice", "Softmax twice", softmax_step.twice, for_programmers=True),
    Step("verbose", "What fit prints", verbose_step.verbosity, for_programmers=True),
)
NAMES = [step.name for step in STEPS]
BY_NAME = {step.name: step for step in STEPS}
TITLES = {step.name: step.title for step in STEPS}
FOR_PROGRAMMERS = [step.name for step in STEPS if step.for_programmers]

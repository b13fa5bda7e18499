"""`RunConfig`: every knob of a run has one entry. Widget, range check, link, saved file and documentation read it.

To add a knob, add one entry to `RunConfig` and use it in the module that needs it.
"""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any, Self

from core.config.knob import Knob, format_value, knob
from core.config.layers import Layer, dense, dropout, format_layers, parse_layers
from core.errors import ConfigError

NETWORK, LEARNING, DATA, RUN = "Network", "Learning", "Data", "Run"
MAX_SEED = 2**31 - 1
HELD_OUT, TEST_SET, NO_VALIDATION = VALIDATION_CHOICES = "held-out", "test", "none"
REDRAWING_KNOBS = ("augmentation", "pen", "styles")  # above 0, each epoch trains on newly drawn images
REPLACED_BY_NETWORK = ("hidden_layers", "units", "dropout")  # knobs without effect where `network` lists the layers


@dataclass(frozen=True)
class RunConfig:
    """All knobs of one run. Equal configs give equal curves on one machine.

    Raises `ConfigError` if a value is out of range, `NetworkError` if `network` cannot be read.
    """

    hidden_layers: int = knob(
        1,
        NETWORK,
        "Hidden layers",
        "Number of dense layers between the image and the output. More layers can learn more, but over-fit sooner.",
        low=0,
        high=8,
        step=1,
    )
    units: int = knob(
        128,
        NETWORK,
        "Units",
        "Units in each hidden layer. Raise this if training accuracy stays low. Lower it if training accuracy "
        "is soon much higher than validation accuracy.",
        low=1,
        high=4096,
        step=1,
        log=True,
    )
    activation: str = knob(
        "relu",
        NETWORK,
        "Activation",
        "The function that each unit applies to its sum. relu learns fast. If many units are dead (always 0), "
        "lower the learning rate or try elu.",
        choices=("relu", "elu", "gelu", "tanh", "sigmoid", "linear"),
    )
    dropout: float = knob(
        0.0,
        NETWORK,
        "Dropout",
        "Share of each hidden layer that is set to 0 at random in every training step. Raise it if training "
        "accuracy is much higher than validation accuracy.",
        low=0.0,
        high=0.9,
        step=0.05,
    )
    network: str = knob(
        "",
        NETWORK,
        "Layers by hand",
        "Your own layers, for example conv32x3-pool2-dense128. They replace the knobs above, except the "
        "activation. Empty: the knobs above build the network.",
    )
    optimizer: str = knob(
        "adam",
        LEARNING,
        "Optimiser",
        "The rule that turns a gradient into a step. adam and rmsprop need little tuning; sgd needs a larger "
        "learning rate (about 0.1).",
        choices=("adam", "rmsprop", "sgd", "momentum", "adamw", "nadam"),
    )
    learning_rate: float = knob(
        0.001,
        LEARNING,
        "Learning rate",
        "Size of each step. If the loss jumps or becomes NaN, divide this by ten. If it hardly falls, raise it.",
        low=1e-6,
        high=10.0,
        log=True,
    )
    schedule: str = knob(
        "constant",
        LEARNING,
        "Schedule",
        "How the learning rate changes during the run: constant, falling along a cosine or exponentially, rising in "
        "the first third and then falling (one-cycle, for few epochs with a high rate), or divided by ten whenever "
        "the validation loss stops improving (plateau).",
        choices=("constant", "cosine", "exponential", "one-cycle", "plateau"),
    )
    batch_size: int = knob(
        32,
        LEARNING,
        "Batch size",
        "Images in one step. Larger batches are faster and smoother. Lower this if the device runs out of memory.",
        low=1,
        high=8192,
        step=1,
        log=True,
    )
    epochs: int = knob(
        5,
        LEARNING,
        "Epochs",
        "Passes over the training images. Do not raise this when validation no longer improves.",
        low=1,
        high=500,
        step=1,
    )
    patience: int = knob(
        0,
        LEARNING,
        "Patience",
        "Stop after this many epochs without a better validation loss and keep the best weights. 0: train all "
        "epochs and keep the last weights.",
        low=0,
        high=100,
        step=1,
    )
    loss: str = knob(
        "sparse",
        LEARNING,
        "Loss form",
        "Cross-entropy with labels as numbers (sparse) or as one-hot rows. Both give the same loss; only the "
        "shape of the labels differs.",
        choices=("sparse", "one-hot"),
    )
    validate_on: str = knob(
        HELD_OUT,
        DATA,
        "Validate on",
        "held-out: on a tenth of the training images, which are not trained on; the test set stays sealed. test: on "
        "the test set after each epoch, as some tutorials do. none: no validation.",
        choices=VALIDATION_CHOICES,
    )
    train_images: int = knob(
        0,
        DATA,
        "Training images",
        "Train on only so many images, equally many of each digit. 0: all. With few images a network over-fits soon.",
        low=0,
        high=60_000,
        step=100,
        zero="all",
    )
    wrong_labels: float = knob(
        0.0,
        DATA,
        "Wrong labels",
        "Share of the training labels that are replaced by a wrong digit. If training is too long, the network "
        "memorises the wrong labels.",
        low=0.0,
        high=0.9,
        step=0.05,
    )
    augmentation: float = knob(
        0.0,
        DATA,
        "Augmentation",
        "How strongly each training image is rotated, sheared, stretched, moved and bent, differently in each epoch. "
        "Raise it if the network over-fits or misreads drawings.",
        low=0.0,
        high=1.0,
        step=0.05,
    )
    pen: float = knob(
        0.0,
        DATA,
        "Redrawn with a pen",
        "Share of the training images that are redrawn in each epoch with a round pen of constant width, like the one "
        "on the Draw page. Raise it if accuracy is good on MNIST but poor on drawings.",
        low=0.0,
        high=1.0,
        step=0.05,
    )
    styles: float = knob(
        0.0,
        DATA,
        "European styles",
        "Share of 1s, 4s, 7s and 9s that get a flag and a base, a loop or a short stem, a bar, or a curled tail. MNIST "
        "has few of these, but many people write them.",
        low=0.0,
        high=1.0,
        step=0.05,
    )
    unchanged: float = knob(
        0.0,
        DATA,
        "Unchanged images",
        "Share of the training images that stay as they are in each epoch while the others are redrawn. Redrawing "
        "blurs an image slightly. Raise this if a network with augmentation reads MNIST itself less well.",
        low=0.0,
        high=1.0,
        step=0.05,
    )
    writers: int = knob(
        0,
        DATA,
        "Pen writers",
        "Adds digits that other people drew with a pen on a screen: about 250 of each person, drawn with three pens. "
        "Raise it if accuracy is good on MNIST but poor on drawings. 0: none.",
        low=0,
        high=24,
        step=1,
        zero="none",
    )
    seed: int = knob(
        1,
        RUN,
        "Seed",
        "Start of all random numbers: weights, order of the images, dropout. The same seed gives the same "
        "curve. Try other seeds to see how much results vary.",
        low=0,
        high=MAX_SEED,
        step=1,
        is_count=False,
    )
    device: str = knob(
        "auto",
        RUN,
        "Device",
        "Where to train. auto: on a free GPU if the machine has any, else on the CPU. gpu:1 is the second GPU.",
        choices=("auto", "cpu", "gpu"),
        pattern="gpu:(0|[1-9][0-9]?)",
        pattern_shown="gpu:0, gpu:1 …",
    )

    def __post_init__(self) -> None:
        for field in fields(self):
            checked = KNOBS[field.name].check(field.name, getattr(self, field.name), KNOB_TYPES[field.name])
            object.__setattr__(self, field.name, checked)
        if self.network:
            # Equal networks must be equal configs: one spelling, and unused knobs at their defaults.
            object.__setattr__(self, "network", format_layers(parse_layers(self.network)))
            for name in REPLACED_BY_NETWORK:
                object.__setattr__(self, name, DEFAULTS[name])
        if self.patience and self.validate_on == NO_VALIDATION:
            raise ConfigError(
                "patience must be 0 if validate_on is none, because there is no validation loss. "
                "Set validate_on to held-out or test, or set patience to 0.",
                received=self.patience,
            )
        if self.schedule == "plateau" and self.validate_on == NO_VALIDATION:
            raise ConfigError(
                "schedule must not be plateau if validate_on is none, because there is no validation loss. "
                "Set validate_on to held-out or test, or choose another schedule.",
                received="plateau",
            )

    @cached_property
    def layers(self) -> tuple[Layer, ...]:
        """The hidden layers from the image to the output, without the softmax layer."""
        if self.network:
            return parse_layers(self.network)
        block = (dense(self.units), dropout(self.dropout)) if self.dropout else (dense(self.units),)
        return block * self.hidden_layers

    @property
    def holds_out(self) -> bool:
        """Whether the validation images are kept out of training. The test set is sealed then."""
        return self.validate_on == HELD_OUT

    @property
    def redraws_images(self) -> bool:
        """Whether each epoch trains on newly drawn versions of the images."""
        return any(getattr(self, name) for name in REDRAWING_KNOBS)

    @property
    def unused_knobs(self) -> tuple[str, ...]:
        """The knobs that have no effect on this run."""
        return REPLACED_BY_NETWORK if self.network else ()

    def changed(self, **knobs: Any) -> Self:
        """A copy with other values for some knobs."""
        return dataclasses.replace(self, **knobs)

    def to_dict(self) -> dict[str, Any]:
        """Every knob, for JSON."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Reads `to_dict` back. It ignores unknown names, so files of other versions stay readable."""
        return cls(**{name: value for name, value in values.items() if name in KNOBS})

    def to_query(self) -> dict[str, str]:
        """The knobs that differ from their defaults, as text for a link."""
        return {name: format_value(value) for name, value in self.to_dict().items() if value != DEFAULTS[name]}

    @classmethod
    def from_query(cls, query: Mapping[str, str]) -> Self:
        """Reads `to_query` back and ignores unknown names. Raises `ConfigError` for an invalid value."""
        return cls(**{name: read_knob(name, text) for name, text in query.items() if name in KNOBS})

    def with_query(self, query: Mapping[str, str]) -> tuple[Self, list[str]]:
        """A copy with the valid knobs of a link, and one sentence for each invalid knob."""
        config, pending = self, {name: text for name, text in query.items() if name in KNOBS}
        while True:  # again after each accepted knob: another knob may need it
            refused: dict[str, str] = {}
            for name, text in pending.items():
                try:
                    config = config.changed(**{name: read_knob(name, text)})
                except ConfigError as error:
                    refused[name] = error.sentence
            if len(refused) == len(pending):
                return config, list(refused.values())
            pending = {name: pending[name] for name in refused}

    def differences(self, other: Self) -> dict[str, tuple[Any, Any]]:
        """The knobs in which two configs differ: name → (here, there)."""
        here, there = self.to_dict(), other.to_dict()
        return {name: (here[name], there[name]) for name in here if here[name] != there[name]}


KNOBS: dict[str, Knob] = {field.name: field.metadata["knob"] for field in fields(RunConfig)}
DEFAULTS: dict[str, Any] = {field.name: field.default for field in fields(RunConfig)}
KNOB_TYPES: dict[str, type] = {name: type(default) for name, default in DEFAULTS.items()}


def read_knob(name: str, text: str) -> Any:
    """Reads a value of the knob `name` from text. Raises `ConfigError` if it is not valid."""
    return KNOBS[name].read(name, text, KNOB_TYPES[name])

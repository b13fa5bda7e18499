"""`RunConfig`: every knob of a run, one entry a knob. Widget, range check, link, saved file and documentation read it.

To add a knob, add one entry to `RunConfig`; use it in the module that acts on it.
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


@dataclass(frozen=True)
class RunConfig:
    """Every knob of one run. Equal configs give equal curves on one machine.

    Raises `ConfigError` for a value out of range, `NetworkError` for a `network` that cannot be read.
    """

    hidden_layers: int = knob(
        1,
        NETWORK,
        "Hidden layers",
        "How many dense layers stand between the image and the answer. More can learn more, and over-fit sooner.",
        low=0,
        high=8,
        step=1,
    )
    units: int = knob(
        128,
        NETWORK,
        "Units",
        "Neurons in each hidden layer. If training accuracy stays low, raise this; if training and validation "
        "part early, lower it.",
        low=1,
        high=4096,
        step=1,
        log=True,
    )
    activation: str = knob(
        "relu",
        NETWORK,
        "Activation",
        "What each neuron does with its sum. relu learns fast; if many neurons die (always 0), lower the "
        "learning rate or try elu.",
        choices=("relu", "elu", "gelu", "tanh", "sigmoid", "linear"),
    )
    dropout: float = knob(
        0.0,
        NETWORK,
        "Dropout",
        "Share of each hidden layer silenced at random in every training step. Raise it when training "
        "accuracy runs away from validation.",
        low=0.0,
        high=0.9,
        step=0.05,
    )
    network: str = knob(
        "",
        NETWORK,
        "Layers by hand",
        "A stack of your own, such as conv32x3-pool2-dense128; it replaces the four knobs above but the "
        "activation. Empty: built from them.",
    )
    optimizer: str = knob(
        "adam",
        LEARNING,
        "Optimiser",
        "The rule that turns a gradient into a step. adam and rmsprop need little tuning; sgd wants a larger "
        "learning rate (about 0.1).",
        choices=("adam", "rmsprop", "sgd", "momentum", "adamw", "nadam"),
    )
    learning_rate: float = knob(
        0.001,
        LEARNING,
        "Learning rate",
        "Length of each step. If the loss jumps or becomes NaN, lower this tenfold; if it barely falls, raise it.",
        low=1e-6,
        high=10.0,
        log=True,
    )
    schedule: str = knob(
        "constant",
        LEARNING,
        "Schedule",
        "How the learning rate changes over the run: constant, falling like a cosine or exponentially, or a "
        "tenth whenever validation stalls (plateau).",
        choices=("constant", "cosine", "exponential", "plateau"),
    )
    batch_size: int = knob(
        32,
        LEARNING,
        "Batch size",
        "Images averaged in one step. Larger is faster and smoother; if the device runs out of memory, lower this.",
        low=1,
        high=8192,
        step=1,
        log=True,
    )
    epochs: int = knob(
        5,
        LEARNING,
        "Epochs",
        "Passes over the training images. Stop raising it once validation no longer improves.",
        low=1,
        high=500,
        step=1,
    )
    patience: int = knob(
        0,
        LEARNING,
        "Patience",
        "Stop after this many epochs without a better validation loss and keep the best weights. 0: run all "
        "epochs, keep the last.",
        low=0,
        high=100,
        step=1,
    )
    loss: str = knob(
        "sparse",
        LEARNING,
        "Loss form",
        "Cross-entropy on labels as numbers (sparse) or as one-hot rows. The values are equal; the labels' "
        "shape is not.",
        choices=("sparse", "one-hot"),
    )
    validate_on: str = knob(
        "held-out",
        DATA,
        "Validate on",
        "held-out keeps 6,000 training images aside and the test set sealed; test reads the test set each "
        "epoch, as some tutorials do; none skips it.",
        choices=("held-out", "test", "none"),
    )
    train_images: int = knob(
        0,
        DATA,
        "Training images",
        "Train on this many images only, drawn evenly. 0: all. With few images, see how soon a network over-fits.",
        low=0,
        high=60_000,
        step=100,
        zero="all",
    )
    wrong_labels: float = knob(
        0.0,
        DATA,
        "Wrong labels",
        "Share of the training labels replaced by a wrong digit. Watch the network learn the noise by heart "
        "when training goes on too long.",
        low=0.0,
        high=0.9,
        step=0.05,
    )
    augmentation: float = knob(
        0.0,
        DATA,
        "Augmentation",
        "How strongly each training image is turned, slanted, stretched, moved and bent, anew in each epoch. Raise "
        "it when it over-fits or misreads drawings.",
        low=0.0,
        high=1.0,
        step=0.05,
    )
    pen: float = knob(
        0.0,
        DATA,
        "Redrawn with a pen",
        "Share of the training images redrawn in each epoch with a round pen of even width, as a canvas has it. "
        "Raise it when MNIST is read well and drawings are not.",
        low=0.0,
        high=1.0,
        step=0.05,
    )
    styles: float = knob(
        0.0,
        DATA,
        "European styles",
        "Share of 1s, 4s, 7s and 9s given a flag and base, a loop or a short stem, a bar, a curled tail: MNIST hardly "
        "has them, and many hands write so.",
        low=0.0,
        high=1.0,
        step=0.05,
    )
    seed: int = knob(
        1,
        RUN,
        "Seed",
        "Start of all random numbers: weights, order of the images, dropout. The same seed gives the same "
        "curve; try others to see the spread.",
        low=0,
        high=MAX_SEED,
        step=1,
    )
    device: str = knob(
        "auto",
        RUN,
        "Device",
        "Where to compute. auto takes the GPU when there is one.",
        choices=("auto", "cpu", "gpu"),
    )

    def __post_init__(self) -> None:
        for field in fields(self):
            checked = KNOBS[field.name].check(field.name, getattr(self, field.name), KNOB_TYPES[field.name])
            object.__setattr__(self, field.name, checked)
        if self.network:
            # Written one way only: equal networks are equal configs, and a knob not in use makes no difference.
            object.__setattr__(self, "network", format_layers(parse_layers(self.network)))
            for name in ("hidden_layers", "units", "dropout"):
                object.__setattr__(self, name, DEFAULTS[name])
        if self.patience and self.validate_on == "none":
            raise ConfigError(
                "patience must be 0 when validate_on is none: nothing is there to stop on. "
                f"Received: {self.patience}. Choose held-out or test, or set patience to 0."
            )
        if self.schedule == "plateau" and self.validate_on == "none":
            raise ConfigError(
                "schedule must not be plateau when validate_on is none: no validation can stall. "
                "Received: 'plateau'. Choose held-out or test, or another schedule."
            )

    @cached_property
    def layers(self) -> tuple[Layer, ...]:
        """The hidden layers, from the image upwards; the ten softmax units on top are not among them."""
        if self.network:
            return parse_layers(self.network)
        block = (dense(self.units), dropout(self.dropout)) if self.dropout else (dense(self.units),)
        return block * self.hidden_layers

    def changed(self, **knobs: Any) -> Self:
        """A copy with some knobs set anew."""
        return dataclasses.replace(self, **knobs)

    def to_dict(self) -> dict[str, Any]:
        """Every knob, as JSON has it."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Reads `to_dict` back; names of no knob are ignored, so files of other versions stay readable."""
        return cls(**{name: value for name, value in values.items() if name in KNOBS})

    def to_query(self) -> dict[str, str]:
        """The knobs that differ from their defaults, as they stand in a link."""
        return {name: format_value(value) for name, value in self.to_dict().items() if value != DEFAULTS[name]}

    @classmethod
    def from_query(cls, query: Mapping[str, str]) -> Self:
        """Reads `to_query` back; unknown names are ignored. Raises `ConfigError` for a value that is none."""
        return cls(**{name: read_knob(name, text) for name, text in query.items() if name in KNOBS})

    def with_query(self, query: Mapping[str, str]) -> tuple[Self, list[str]]:
        """A copy with the knobs of a link that can be used, and for each other one a sentence that says why not."""
        config, pending = self, {name: text for name, text in query.items() if name in KNOBS}
        while True:  # once more after each that was taken: it may be what another one waits for
            refused: dict[str, str] = {}
            for name, text in pending.items():
                try:
                    config = config.changed(**{name: read_knob(name, text)})
                except ConfigError as error:
                    refused[name] = str(error)
            if len(refused) == len(pending):
                return config, list(refused.values())
            pending = {name: pending[name] for name in refused}

    def differences(self, other: Self) -> dict[str, tuple[Any, Any]]:
        """The knobs in which two configs differ: name → (here, there)."""
        mine, theirs = self.to_dict(), other.to_dict()
        return {name: (mine[name], theirs[name]) for name in mine if mine[name] != theirs[name]}


KNOBS: dict[str, Knob] = {field.name: field.metadata["knob"] for field in fields(RunConfig)}
DEFAULTS: dict[str, Any] = {field.name: field.default for field in fields(RunConfig)}
KNOB_TYPES: dict[str, type] = {name: type(default) for name, default in DEFAULTS.items()}


def read_knob(name: str, text: str) -> Any:
    """The value that `text` writes for the knob `name`. Raises `ConfigError` if it writes none."""
    return KNOBS[name].read(name, text, KNOB_TYPES[name])

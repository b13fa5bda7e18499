"""A run as a Python program: the network and its training in plain Keras, to read, run and change anywhere."""

from collections.abc import Iterator
from typing import NamedTuple

from core.config.run_config import NO_VALIDATION, REDRAWING_KNOBS, RunConfig
from core.config.schedules import (
    EXPONENTIAL_END,
    ONE_CYCLE_RISE,
    ONE_CYCLE_START,
    PLATEAU_PATIENCE,
    has_step_schedule,
)
from core.data.mnist import HELD_OUT_DIVISOR
from core.network.architecture import LayerRow, layer_table
from core.network.redraw_source import KNOBS_CLASS, redraw_source

_OPTIMIZERS = {
    "adam": "Adam({rate})",
    "rmsprop": "RMSprop({rate})",
    "sgd": "SGD({rate})",
    "momentum": "SGD({rate}, momentum=0.9)",
    "adamw": "AdamW({rate})",
    "nadam": "Nadam({rate})",
}
_LOSSES = {"sparse": "sparse_categorical_crossentropy", "one-hot": "categorical_crossentropy"}
_MNIST = 60_000  # training images
_SHORTENED = (
    "# Here the downloaded program has 600 lines of NumPy that redraw digits. They define EpochPrefetcher, Redrawer\n"
    f"# and {KNOBS_CLASS}."
)
_REDRAWN_IMAGES = '''class RedrawnImages(keras.utils.PyDataset):
    """The batches of an epoch: newly drawn images in a new order."""

    def __init__(self):
        super().__init__()
        self.epoch = -1
        self.on_epoch_end()

    def __len__(self):
        return -(-len(labels) // {batch})

    def __getitem__(self, batch):
        chosen = self.order[batch * {batch} : (batch + 1) * {batch}]
        return self.images[chosen], labels[chosen]

    def on_epoch_end(self):
        self.epoch += 1
        if self.epoch < {epochs}:
            self.images = redrawn(self.epoch)
            self.order = np.random.default_rng([{seed}, self.epoch]).permutation(len(labels))'''
SAVES = "model_trained_again.keras"  # not the name of the network that may be in the same folder


class Sections(NamedTuple):
    """The parts of the program in their order, each a piece of Python; `redrawing` is empty if images stay the same."""

    imports: str
    redrawing: str
    data: str
    network: str
    training: str
    result: str


def script(config: RunConfig, title: str, by_hand: str = "", *, short: bool = False) -> str:
    """A Python program that trains `config` on MNIST with Keras and NumPy alone.

    Keras draws the initial weights and the order of the images, so the figures differ as between two seeds. With a
    seed, TensorFlow also shuffles every epoch in the same order, which costs `ten-epochs` some 0.2 points. Redrawn
    images are exactly those of the run. Left out are the digits of pen writers, and changes made while the run trained
    (`by_hand`); the program says so. short: without the 600 lines that redraw images, for reading.
    """
    head = f'"""{_plain(title)}: a network that reads handwritten digits, trained with Digit Lab.'
    head += f'\n\nNot in this program: while the run trained, {by_hand}.\n"""' if by_hand else '"""'
    parts = sections(config)
    if short and parts.redrawing:
        parts = parts._replace(redrawing=_SHORTENED)
    return "\n\n".join([head, *filter(None, parts)]) + "\n"


def sections(config: RunConfig) -> Sections:
    """The program in parts, for cells of a notebook."""
    parts = (_imports(config), _data(config), _network(config), _training(config), _result())
    imports, data, network, training, result = ("\n".join(part) for part in parts)
    return Sections(imports, redraw_source() if config.redraws_images else "", data, network, training, result)


def _imports(config: RunConfig) -> Iterator[str]:
    yield "import keras"
    if _few(config) or config.wrong_labels or config.redraws_images:
        yield "import numpy as np"
    yield ""
    yield "# With a seed, Keras on TensorFlow uses one order of images in all epochs; without it, a new one each time."
    yield f"keras.utils.set_random_seed({config.seed})"


def _data(config: RunConfig) -> Iterator[str]:
    yield "(images, labels), (test_images, test_labels) = keras.datasets.mnist.load_data()"
    if config.holds_out:
        yield f"held_out = len(images) // {HELD_OUT_DIVISOR}  # the last ones are for validation"
        yield "validation_images, validation_labels = images[-held_out:], labels[-held_out:]"
        yield "images, labels = images[:-held_out], labels[:-held_out]"
    if _few(config) or config.wrong_labels:
        yield f"rng = np.random.default_rng({config.seed})"
    if _few(config):
        yield f"each = {-(-config.train_images // 10)}  # images of each digit"
        yield "every_digit = [rng.permutation(np.flatnonzero(labels == digit))[:each] for digit in range(10)]"
        yield f"chosen = rng.permutation(np.concatenate(every_digit))[:{config.train_images}]"
        yield "images, labels = images[chosen], labels[chosen]"
    if config.wrong_labels:
        yield f"wrong = rng.choice(len(labels), round({config.wrong_labels!r} * len(labels)), replace=False)"
        yield "labels[wrong] = (labels[wrong] + rng.integers(1, 10, len(wrong))) % 10"
    if config.redraws_images:
        yield "# The images of each epoch, drawn while the epoch before it trains: some seconds for 60,000."
        knobs = ", ".join(
            f"{name}={getattr(config, name)!r}" for name in (*REDRAWING_KNOBS, "unchanged", "seed", "epochs")
        )
        yield f"knobs = {KNOBS_CLASS}({knobs})"
        yield "redrawn = EpochPrefetcher(Redrawer(images, labels, knobs))"
    if config.writers:
        yield f"# The run also trained on digits that {config.writers} people drew with a pen. Their strokes are not"
        yield "# in this program: python -m core train of Digit Lab has them."
    if config.loss == "one-hot":
        names = ["labels", "test_labels", *(["validation_labels"] if config.holds_out else [])]
        yield from (f"{name} = keras.utils.to_categorical({name}, 10)" for name in names)


def _few(config: RunConfig) -> bool:
    """Whether the run trains on a part of the training images."""
    held_out = _MNIST // HELD_OUT_DIVISOR if config.holds_out else 0
    return 0 < config.train_images < _MNIST - held_out


def _network(config: RunConfig) -> Iterator[str]:
    yield "model = keras.Sequential("
    yield "    ["
    yield '        keras.Input((28, 28), dtype="uint8"),'
    yield from (f"        keras.layers.{_layer(row)}," for row in layer_table(config))
    yield "    ]"
    yield ")"
    yield "model.summary()"


def _layer(row: LayerRow) -> str:
    """A row of the layer table as Keras code."""
    more = f', activation="{row.activation}"' if row.activation else ""
    more += "" if row.bias else ", use_bias=False"
    match row.kind:
        case "scale":
            return "Rescaling(1 / 255)"
        case "channel":
            return f"Reshape({row.output_shape})"
        case "flatten":
            return "Flatten()"
        case "activation":
            return f'Activation("{row.activation}")'
        case "dense":
            return f"Dense({row.output_shape[0]}{more})"
        case "norm":
            return "BatchNormalization()"
    assert row.layer is not None
    match row.kind:
        case "conv":
            return f"Conv2D({row.layer.size}, {row.layer.kernel}{more})"
        case "pool":
            return f"MaxPooling2D({row.layer.size})"
        case "dropout":
            return f"Dropout({row.layer.rate!r})"
    raise AssertionError(f"no Keras code for {row.kind}")


def _schedule(config: RunConfig) -> Iterator[str]:
    rate = repr(config.learning_rate)
    yield f"steps = {config.epochs} * -(-len(images) // {config.batch_size})"
    match config.schedule:
        case "cosine":
            schedule = f"CosineDecay({rate}, steps)"
        case "exponential":
            schedule = f"ExponentialDecay({rate}, steps, {EXPONENTIAL_END})"
        case _:
            yield f"rising = round(steps * {ONE_CYCLE_RISE})"
            first = repr(config.learning_rate * ONE_CYCLE_START)
            schedule = f"CosineDecay({first}, steps - rising, warmup_target={rate}, warmup_steps=rising)"
    yield f"learning_rate = keras.optimizers.schedules.{schedule}"


def _training(config: RunConfig) -> Iterator[str]:
    if config.redraws_images:
        yield from _REDRAWN_IMAGES.format(batch=config.batch_size, epochs=config.epochs, seed=config.seed).splitlines()
        yield ""
        yield ""
    rate = repr(config.learning_rate)
    if has_step_schedule(config):
        yield from _schedule(config)
        rate = "learning_rate"
    yield "model.compile("
    yield f"    optimizer=keras.optimizers.{_OPTIMIZERS[config.optimizer].format(rate=rate)},"
    yield f'    loss="{_LOSSES[config.loss]}",'
    yield '    metrics=["accuracy"],'
    yield ")"
    yield "history = model.fit("
    if config.redraws_images:
        yield "    RedrawnImages(),"
    else:
        yield "    images,"
        yield "    labels,"
        yield f"    batch_size={config.batch_size},"
    yield f"    epochs={config.epochs},"
    if config.validate_on != NO_VALIDATION:
        names = "validation" if config.holds_out else "test"
        yield f"    validation_data=({names}_images, {names}_labels),"
    if callbacks := [*_callbacks(config)]:
        yield "    callbacks=["
        yield from (f"        keras.callbacks.{each}," for each in callbacks)
        yield "    ],"
    yield ")"


def _result() -> Iterator[str]:
    yield "loss, accuracy = model.evaluate(test_images, test_labels, verbose=0)"
    yield 'print(f"Test accuracy {accuracy:.2%}, test loss {loss:.4f}")'
    yield f'model.save("{SAVES}")'


def _callbacks(config: RunConfig) -> Iterator[str]:
    if config.patience:
        yield f"EarlyStopping(patience={config.patience}, restore_best_weights=True)"
    if config.schedule == "plateau":
        yield f"ReduceLROnPlateau(factor=0.1, patience={PLATEAU_PATIENCE})"


def _plain(title: str) -> str:
    """A name from a visitor, made safe inside a docstring."""
    return " ".join(title.replace("\\", "/").replace('"', "'").split())

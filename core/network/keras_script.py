"""A run as a Python program: the network and its training in plain Keras, to read, run and change anywhere."""

from collections.abc import Iterator

from core.config.run_config import NO_VALIDATION, REDRAWING_KNOBS, RunConfig
from core.config.schedules import EXPONENTIAL_END, PLATEAU_PATIENCE
from core.data.mnist import HELD_OUT_DIVISOR
from core.network.architecture import LayerRow, layer_table

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
SAVES = "model_trained_again.keras"  # not the name of the network that may be in the same folder


def script(config: RunConfig, title: str, by_hand: str = "") -> str:
    """A Python program that trains `config` on MNIST with Keras and NumPy alone.

    Keras draws the initial weights and the order of the images, so the figures differ as between two seeds. With a
    seed, TensorFlow also shuffles every epoch in the same order, which costs `ten-epochs` some 0.2 points. Redrawn
    images and changes made while the run trained (`by_hand`) are left out, and the program says so.
    """
    head = _head(config, title, by_hand)
    return "\n".join([*head, "", *_data(config), "", *_network(config), "", *_training(config), ""])


def _head(config: RunConfig, title: str, by_hand: str) -> Iterator[str]:
    first = f'"""{_plain(title)}: a network that reads handwritten digits, trained with Digit Lab.'
    redrawn = ", ".join(f"{name} {getattr(config, name):g}" for name in REDRAWING_KNOBS if getattr(config, name))
    missing = [f"Digit Lab redrew the training images for each epoch ({redrawn})"] if redrawn else []
    missing += [f"while the run trained, {by_hand}"] if by_hand else []
    if missing:
        yield first
        yield ""
        yield from (f"Not in this program: {each}." for each in missing)
        yield '"""'
    else:
        yield f'{first}"""'
    yield ""
    yield "import keras"
    if _few(config) or config.wrong_labels:
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
        yield f"random = np.random.default_rng({config.seed})"
    if _few(config):
        yield f"each = {-(-config.train_images // 10)}  # images of each digit"
        yield "every_digit = [random.permutation(np.flatnonzero(labels == digit))[:each] for digit in range(10)]"
        yield f"chosen = random.permutation(np.concatenate(every_digit))[:{config.train_images}]"
        yield "images, labels = images[chosen], labels[chosen]"
    if config.wrong_labels:
        yield f"wrong = random.choice(len(labels), round({config.wrong_labels!r} * len(labels)), replace=False)"
        yield "labels[wrong] = (labels[wrong] + random.integers(1, 10, len(wrong))) % 10"
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


def _training(config: RunConfig) -> Iterator[str]:
    rate = repr(config.learning_rate)
    if config.schedule in ("cosine", "exponential"):
        yield f"steps = {config.epochs} * -(-len(images) // {config.batch_size})"
        cosine = config.schedule == "cosine"
        decay = f"CosineDecay({rate}, steps)" if cosine else f"ExponentialDecay({rate}, steps, {EXPONENTIAL_END})"
        yield f"learning_rate = keras.optimizers.schedules.{decay}"
        rate = "learning_rate"
    yield "model.compile("
    yield f"    optimizer=keras.optimizers.{_OPTIMIZERS[config.optimizer].format(rate=rate)},"
    yield f'    loss="{_LOSSES[config.loss]}",'
    yield '    metrics=["accuracy"],'
    yield ")"
    yield "history = model.fit("
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

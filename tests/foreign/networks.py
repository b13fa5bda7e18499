"""Networks as other people build them with Keras, with layers that this project's own networks do not have.

`python -m tests.foreign.networks` writes the small ones beside this file, with Keras' answers to sixteen images.
"""

import io
import zipfile
from pathlib import Path

import keras
import numpy as np
from keras import layers

HERE = Path(__file__).parent
ANSWERS = HERE / "answers.npz"
SMALL = ("residual", "inception", "many layers", "mixed activations")


def sequential(*of: keras.Layer, shape: tuple[int, ...] = (28, 28, 1)) -> keras.Model:
    return keras.Sequential([keras.Input(shape), *of])


def kaggle() -> keras.Model:
    """The usual network of Kaggle's digit recogniser: norms after activations, strides, same padding."""
    return sequential(
        layers.Conv2D(8, 3, activation="relu"),
        layers.BatchNormalization(),
        layers.Conv2D(8, 3, activation="relu"),
        layers.BatchNormalization(),
        layers.Conv2D(8, 5, strides=2, padding="same", activation="relu"),
        layers.Dropout(0.4),
        layers.Flatten(),
        layers.Dense(16, "relu"),
        layers.Dense(10, "softmax"),
    )


def lenet() -> keras.Model:
    return sequential(
        layers.Conv2D(6, 5, activation="tanh", padding="same"),
        layers.AveragePooling2D(2),
        layers.Conv2D(16, 5, activation="tanh"),
        layers.AveragePooling2D(2),
        layers.Flatten(),
        layers.Dense(120, "tanh"),
        layers.Dense(84, "tanh"),
        layers.Dense(10, "softmax"),
    )


def all_convolutional() -> keras.Model:
    """Ten maps, each averaged to one logit; no dense layer."""
    return sequential(
        layers.Conv2D(8, 3, 2, activation="elu"),
        layers.Conv2D(10, 3, 2, "same"),
        layers.GlobalAveragePooling2D(),
        layers.Softmax(),
    )


def mixed_activations() -> keras.Model:
    names = ("relu", "leaky_relu", "elu", "gelu", "selu", "silu", "swish", "tanh", "sigmoid", "softplus", "mish")
    return sequential(
        layers.Flatten(), *(layers.Dense(6, name) for name in names), layers.Dense(10, "log_softmax"), shape=(28, 28)
    )


def rows() -> keras.Model:
    """A dense layer on each row, layers that act in training alone, and logits."""
    return sequential(
        layers.RandomRotation(0.1),
        layers.Dense(8, "silu"),
        layers.GaussianNoise(0.1),
        layers.Flatten(),
        layers.Dense(10),
        shape=(28, 28),
    )


def wide() -> keras.Model:
    return sequential(layers.BatchNormalization(), layers.Dense(5000, "relu"), layers.Dense(10), shape=(784,))


def residual() -> keras.Model:
    image = keras.Input((28, 28, 1))
    values = layers.Conv2D(4, 3, padding="same", use_bias=False)(layers.Rescaling(1 / 255)(image))
    values = layers.ReLU()(layers.BatchNormalization()(values))
    for channels in (4, 8):
        stride = channels // 4
        branch = layers.Conv2D(channels, 3, strides=stride, padding="same", activation="relu")(values)
        branch = layers.BatchNormalization()(layers.Conv2D(channels, 3, padding="same")(branch))
        short = values if stride == 1 else layers.Conv2D(channels, 1, strides=stride)(values)
        values = layers.LeakyReLU(negative_slope=0.1)(branch + short if stride == 1 else layers.Add()([branch, short]))
    return keras.Model(image, layers.Dense(10)(layers.GlobalAveragePooling2D()(values)))


def inception() -> keras.Model:
    """Branches side by side, weighted channels, and the mean of two softmax layers."""
    image = keras.Input((28, 28))
    values = layers.Reshape((28, 28, 1))(image)
    branches = [
        layers.Conv2D(2, 1, activation="selu", padding="same")(values),
        layers.Conv2D(2, 5, activation="swish", padding="same")(values),
        layers.MaxPooling2D(3, strides=1, padding="same")(values),
        layers.AveragePooling2D(3, 1, padding="same")(values),
    ]
    together = layers.Concatenate()(branches)
    share = layers.Dense(6, "sigmoid")(layers.GlobalMaxPooling2D(keepdims=True)(together))
    pooled = layers.AveragePooling2D(4, padding="same")(layers.Multiply()([together, share]))
    ends = [layers.Dense(10, "softmax")(layers.Flatten()(pooled)) for _ in range(2)]
    return keras.Model(image, layers.Average()(ends))


def many_layers() -> keras.Model:
    standardised = layers.Normalization(axis=None)
    standardised.adapt(np.random.default_rng(1).random((50, 28, 28, 1), np.float32))
    return sequential(
        standardised,
        layers.DepthwiseConv2D(3, depth_multiplier=4, padding="same", strides=2),
        layers.PReLU(shared_axes=[1, 2]),
        layers.SeparableConv2D(6, 3, activation="mish"),
        layers.LayerNormalization(),
        layers.ELU(0.5),
        layers.ZeroPadding2D(1),
        layers.Conv2D(8, 3, groups=2, dilation_rate=2, activation="gelu"),
        layers.ReLU(max_value=6, negative_slope=0.1, threshold=0.2),
        layers.Flatten(),
        layers.Dense(12, "leaky_relu"),
        layers.BatchNormalization(scale=False),
        layers.Dropout(0.2),
        layers.Dense(10),
        layers.Activation("softmax"),
    )


def known_mean() -> keras.Model:
    return sequential(
        layers.Normalization(mean=0.1307, variance=0.0949), layers.Conv2D(4, 3), layers.Flatten(), layers.Dense(10)
    )


NETWORKS = {
    "kaggle": kaggle,
    "lenet": lenet,
    "all convolutional": all_convolutional,
    "mixed activations": mixed_activations,
    "rows": rows,
    "wide": wide,
    "residual": residual,
    "inception": inception,
    "many layers": many_layers,
    "known mean": known_mean,
}


def made(name: str) -> keras.Model:
    """The network with weights that are not those it begins with: norms, too, have moved."""
    keras.utils.set_random_seed(7)
    model, rng = NETWORKS[name](), np.random.default_rng(3)
    for weight in model.weights:
        if len(weight.shape) and not weight.path.startswith(("normalization/", "random_")):
            weight.assign(np.asarray(weight) + rng.uniform(-0.03, 0.05, weight.shape))
    return model


def answers(model: keras.Model, images: np.ndarray) -> np.ndarray:
    """Keras' probabilities for images whose pixels are from 0 to 1, or to 255 where its first layer scales."""
    divisor = np.float32(1 if isinstance(model.layers[1], layers.Rescaling) else 255)
    found = model((images / divisor).reshape(-1, *model.input_shape[1:]).astype(np.float32), training=False)
    values = np.asarray(found)
    is_softmax = values.min() >= 0 and np.allclose(values.sum(axis=1), 1, atol=1e-4)
    return values if is_softmax else np.asarray(keras.ops.softmax(values))


def file(name: str) -> Path:
    return HERE / f"{name.replace(' ', '-')}.keras"


if __name__ == "__main__":
    shown = np.random.default_rng(5).integers(0, 256, (16, 28, 28), dtype=np.uint8)
    found = {}
    for name in SMALL:
        network = made(name)
        network.save(file(name), zipped=True)
        packed = io.BytesIO()
        with zipfile.ZipFile(file(name)) as saved, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as smaller:
            for member in saved.namelist():
                smaller.writestr(member, saved.read(member))
        file(name).write_bytes(packed.getvalue())
        found[name] = answers(network, shown)
    np.savez_compressed(ANSWERS, images=shown, **found)

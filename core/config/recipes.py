"""Recipes: configs with a name. Five reproduce tutorials; two are the project's own: the best, and one for speed."""

from dataclasses import dataclass

from core.config.run_config import HELD_OUT, NO_VALIDATION, TEST_SET, RunConfig
from core.errors import ConfigError


@dataclass(frozen=True)
class Recipe:
    """A config with a name, its source and the results that the source reports."""

    name: str
    title: str
    config: RunConfig
    source: str
    reports: str


_DENSE_512_TWICE = RunConfig(
    hidden_layers=2, units=512, optimizer="rmsprop", batch_size=32, epochs=5, loss="one-hot", validate_on=TEST_SET
)

_BEST = RunConfig(
    network="conv32x5-norm-pool2-conv64x3-norm-conv96x3-norm-pool2-dropout0.3-dense256-norm",
    optimizer="adam",
    learning_rate=0.002,
    schedule="cosine",
    batch_size=128,
    epochs=20,
    validate_on=NO_VALIDATION,
    augmentation=0.7,
    pen=0.4,
    styles=0.4,
    unchanged=0.3,
    writers=24,
)

_FAST = RunConfig(
    network="conv24x5-pool2-conv32x3-pool2-dense256",
    optimizer="adam",
    learning_rate=0.01,
    schedule="one-cycle",
    batch_size=256,
    epochs=2,
    validate_on=NO_VALIDATION,
)

RECIPES: dict[str, Recipe] = {
    recipe.name: recipe
    for recipe in (
        Recipe(
            "dli",
            "Two layers of 512, validated on the test set",
            _DENSE_512_TWICE,
            "NVIDIA Deep Learning Institute, Image classification with the MNIST dataset",
            "accuracy and val_accuracy for each epoch",
        ),
        Recipe(
            "first-steps",
            "The same network, with every epoch explained",
            _DENSE_512_TWICE,
            "First steps with Keras on MNIST (verbose 0, 1 and 2 explained)",
            "loss, accuracy and val_accuracy for each epoch",
        ),
        Recipe(
            "chollet",
            "One layer of 512",
            RunConfig(
                units=512, optimizer="rmsprop", batch_size=128, epochs=5, loss="one-hot", validate_on=NO_VALIDATION
            ),
            "F. Chollet, Deep Learning with Python, chapter 2",
            "test accuracy 0.9801, test loss 0.0642",
        ),
        Recipe(
            "quickstart",
            "128 units with dropout",
            RunConfig(units=128, dropout=0.2, optimizer="adam", batch_size=32, epochs=5, validate_on=NO_VALIDATION),
            "TensorFlow 2 quickstart for beginners",
            "test accuracy 0.9775, test loss 0.0724",
        ),
        Recipe(
            "ten-epochs",
            "128 units, ten epochs: over-fitting is visible",
            RunConfig(units=128, optimizer="adam", batch_size=32, epochs=10, validate_on=NO_VALIDATION),
            "Basic classification with Keras, ten epochs on MNIST",
            "train 99%, test about 97%, over-fitting visible",
        ),
        Recipe(
            "best",
            "Three convolutions for digits drawn by hand",
            _BEST,
            "Digit Lab; the model that comes with the program was trained with it, also on digits of pen writers",
            "docs/shipped_model.md",
        ),
        Recipe(
            "fast",
            "Two convolutions: 99% in seconds",
            _FAST,
            "Digit Lab; the network of train_mnist_fast (tuomaso), trained for two epochs",
            "docs/fast.md",
        ),
    )
}
# Not a recipe: the quickstart's network with held-out images, so that a first run has a validation curve and a sealed
# test set.
FIRST_NETWORK = Recipe(
    "first-network",
    "128 units with dropout, held-out images",
    RunConfig(units=128, dropout=0.2, optimizer="adam", batch_size=32, epochs=5, validate_on=HELD_OUT),
    "Digit Lab's first run: the network of the TensorFlow 2 quickstart",
    "loss and accuracy on training and held-out images for each epoch",
)
TUTORIALS = ("dli", "first-steps", "chollet", "quickstart", "ten-epochs")


def recipe(name: str) -> Recipe:
    """The recipe called `name`. Raises `ConfigError` if there is none."""
    if name == FIRST_NETWORK.name:
        return FIRST_NETWORK
    if name not in RECIPES:
        raise ConfigError(f"There is no recipe with this name. Known recipes: {', '.join(RECIPES)}.", received=name)
    return RECIPES[name]


def matching_recipe(config: RunConfig) -> str:
    """The name of the first recipe that equals `config` apart from seed and device, or an empty text."""
    plain = config.changed(seed=RunConfig.seed, device=RunConfig.device)
    return next((known.name for known in (*RECIPES.values(), FIRST_NETWORK) if known.config == plain), "")

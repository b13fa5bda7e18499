"""The preview of a run that trains: its predictions for 25 images and its first kernel, about once a second."""

from collections.abc import Callable

import keras
import numpy as np

from core.config.run_config import RunConfig
from core.data.mnist import Mnist
from core.training.engine import Loop

PREVIEW_SECONDS = 1.0
PREVIEW_IMAGES = 25


class LivePreview:
    """Hands previews of one run to `show`; None: to nobody."""

    def __init__(self, config: RunConfig, data: Mnist, show: Callable[[dict[str, np.ndarray]], None] | None) -> None:
        self.digits = data.validation if config.holds_out else data.test  # the run is not trained on them
        self.show = show
        self.last = 0.0  # seconds on the clock of the run; a resumed run shows its network at once

    def update(self, now: float, loop: Loop, *, at_once: bool = False) -> None:
        """Shows the network as it is, if a preview is due or wanted `at_once`."""
        if self.show and (at_once or now - self.last >= PREVIEW_SECONDS):
            self.last = now
            loop.sync()
            self.show_model(loop.model)

    def show_model(self, model: keras.Sequential) -> None:
        """Shows this network."""
        if self.show:
            probabilities = np.asarray(model(self.digits.images[:PREVIEW_IMAGES], training=False))
            kernel = next(each for each in model.trainable_variables if each.name == "kernel")
            self.show({"weights": np.asarray(kernel), "predicted": probabilities.argmax(1).astype(np.uint8)})

"""The warm-up of a waiting worker: it trains for a moment before Start, so that the run starts at once.

A small network on noise does what a process does only once (half a second). Then the network of the form is built,
traced and compiled (a second), trained for one call, and reset to its first weights.
"""

from contextlib import suppress
from typing import Any, NamedTuple

import numpy as np

from core.config.run_config import REDRAWING_KNOBS, RunConfig
from core.data import mnist
from core.data.mnist import Mnist
from core.devices.computing import use_device
from core.digits import Digits

# Knobs that change neither the network nor its compiled program. Redrawn images use all pixels (`active_pixels`): on a
# CPU the program for those is compiled when the run starts, as with pen writers, who change the number of images.
_NEUTRAL_KNOBS = {"epochs": 1, "patience": 0, "wrong_labels": 0.0, "writers": 0, **dict.fromkeys(REDRAWING_KNOBS, 0.0)}


class WarmNetwork(NamedTuple):
    """A network from `models.build` with its compiled program, and the config that it fits, as `warmup_config` has it.

    is_trained: it has other weights than at first.
    """

    config: RunConfig
    network: Any  # keras.Sequential; the dashboard imports this module too, and it has no Keras
    is_trained: bool = False

    def network_for(self, config: RunConfig) -> Any:
        """The network with the first weights of `config`; None if that needs another program."""
        needed = warmup_config(config)
        if needed.changed(seed=self.config.seed) != self.config:
            return None
        if self.is_trained or needed != self.config:
            from core.training.training_state import reseed

            reseed(self.network, config)
        return self.network


def warmup_config(config: RunConfig) -> RunConfig:
    """One config for all that train the same network with the same program."""
    return config.changed(**_NEUTRAL_KNOBS)


def warm_up_process() -> list[np.ndarray]:
    """Trains a small network on a few images of noise, and returns its weights."""
    from core.training.trainer import train

    noise = Digits(
        np.random.default_rng(0).integers(0, 256, (300, 28, 28), np.uint8), np.arange(300, dtype=np.uint8) % 10
    )
    small_data = Mnist(noise, noise[:10], noise[:10], mnist.Source("warm-up", "Noise.", complete=False))
    weights: list[np.ndarray] = train(RunConfig(units=8, epochs=1), small_data, lambda event: None).model.get_weights()
    return weights


def warm_up_network(config: RunConfig) -> WarmNetwork | None:
    """A warmed-up network for runs of `config`; None if that failed: the run itself will report the reason."""
    from core.training import models
    from core.training.hooks import Control, Hooks
    from core.training.trainer import train
    from core.training.training_state import capture_state, restore_state

    class StopAtOnce(Control):
        def should_stop(self) -> bool:
            return True

    config = warmup_config(config)
    # Within `use_device` from the beginning: the first operation on a GPU would else take all of its memory.
    with suppress(Exception), use_device(config.device):
        data, network = mnist.load(), models.build(config)
        held_out = data.validation[:10] if config.holds_out else data.validation
        small_data = Mnist(
            data.train, held_out, data.test[:10], data.source
        )  # the program depends on the number of training images
        initial_state = capture_state(0, network, [], {})
        train(config, small_data, lambda event: None, Hooks(StopAtOnce()), network=network)
        restore_state(initial_state, network, [])
        return WarmNetwork(config, network)
    return None

"""What a worker does before anybody presses Start: it trains for a moment, so that nothing is left to be done then.

Some things a process does only once (half a second); a small network of noise sees to those. Others belong to one
network: it is built, traced and compiled (a second), trained for one call, and put back to where it began.
"""

from contextlib import suppress
from typing import Any, NamedTuple

import numpy as np

from core.config.run_config import RunConfig
from core.data import mnist
from core.data.mnist import Mnist
from core.digits import Digits

# Knobs that the network does not know, nor its program. But images made anew are shown with all their pixels (`lit`):
# on a processor the program for those is compiled when the run begins.
_NEUTRAL_KNOBS = {"epochs": 1, "patience": 0, "wrong_labels": 0.0, "augmentation": 0.0, "pen": 0.0, "styles": 0.0}


class WarmNetwork(NamedTuple):
    """A network as `models.build` makes it, its program compiled, and what it is good for."""

    config: RunConfig
    network: Any  # keras.Sequential; Keras is for the worker alone, and the dashboard reads this module too


def warmup_config(config: RunConfig) -> RunConfig:
    """What stands for all configs that train the same network by the same program."""
    return config.changed(**_NEUTRAL_KNOBS)


def warm_up_process() -> None:
    """Trains a small network on a few images of noise."""
    from core.training.trainer import train

    noise = Digits(
        np.random.default_rng(0).integers(0, 256, (300, 28, 28), np.uint8), np.arange(300, dtype=np.uint8) % 10
    )
    small_data = Mnist(noise, noise[:10], noise[:10], mnist.Source("rehearsal", "Noise.", complete=False))
    train(RunConfig(units=8, epochs=1), small_data, emit=lambda event: None)


def warm_up_network(config: RunConfig) -> WarmNetwork | None:
    """A network for runs of `config`, made ready; None where that failed: the run itself will say why."""
    from core.training import models
    from core.training.trainer import Control, train
    from core.training.training_state import capture_state, restore_state

    class StopAtOnce(Control):
        def should_stop(self) -> bool:
            return True

    config = warmup_config(config)
    with suppress(Exception):
        data, network = mnist.load(), models.build(config)
        held_out = data.validation[:10] if config.validate_on == "held-out" else data.validation
        small_data = Mnist(data.train, held_out, data.test[:10], data.source)  # the program knows how many images train
        initial_state = capture_state(0, network, [], {})
        train(config, small_data, emit=lambda event: None, control=StopAtOnce(), network=network)
        restore_state(initial_state, network, [])
        return WarmNetwork(config, network)
    return None

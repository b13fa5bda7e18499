"""A finished run with real weights, made without training."""

from core.config.run_config import RunConfig
from core.data.mnist import Mnist
from core.runs.events import EpochDone, RunEnded, Started
from core.runs.store import Run, RunStore
from core.runs.timeline import EventFile


def trained_run(store: RunStore, config: RunConfig, data: Mnist, name: str = "Mine") -> Run:
    """A run of one epoch: its weights are random, its curves invented. The epoch's weights are kept."""
    from core.files import write_arrays
    from core.training import models

    run = store.create(config, name=name)
    model = models.build(config)
    models.save(model, run.model_path)
    write_arrays(run.epoch_path(1), models.get_weights(model))
    held_out = config.validate_on == "held-out"
    events = EventFile(run.events_path)
    validation = len(data.validation) if held_out else 0
    events.append(Started(100.0, "CPU", model.count_params(), len(data.train), validation, 10, 1))
    figures = (0.75, 0.5) if held_out else (None, None)
    events.append(EpochDone(10, 1, 2.0, 0.5, 0.75, 0.001, *figures))
    events.append(RunEnded("finished", "", 102.0, 1, validation_loss=figures[0], validation_accuracy=figures[1]))
    events.close()
    return store.get(run.id)

"""`train`: one config, one training. It tells what happens by events and knows no file and no screen."""

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import keras
import numpy as np

from core import devices
from core.augment.redraw import EachEpoch, Variations
from core.config import schedules
from core.config.run_config import RunConfig
from core.data.mnist import Mnist
from core.data.sampling import for_run
from core.errors import DeviceError
from core.network.architecture import parameter_count
from core.runs.events import FINISHED, STOPPED, BatchDone, EpochDone, Event, RateChanged, RunEnded, Started
from core.training.engine import Loop
from core.training.models import build
from core.training.training_state import Snapshot, restore, snapshot

POINT_SECONDS = 0.02  # between two live points at least, where the engine's calls turn out that short
GLIMPSE_SECONDS = 1.0
GLIMPSED = 25
_SCALE = "schedule/scale"  # by how much a rate set by hand stands above the schedule


class Control:
    """What may be asked of a run while it trains. This one asks for nothing."""

    def should_stop(self) -> bool:
        """Whether to end after the present engine call and keep the weights."""
        return False

    def hold(self) -> None:
        """Returns when training may go on; called after each engine call."""

    def learning_rate(self) -> float | None:
        """A new learning rate, once for each time it is asked for."""
        return None


@dataclass(frozen=True)
class Trained:
    """A run that came to its end: its model, and the last word that is written once the model is saved."""

    model: keras.Model
    ended: RunEnded
    history: dict[str, list[float]]


def train(
    config: RunConfig,
    data: Mnist,
    emit: Callable[[Event], None],
    control: Control | None = None,
    resume: Snapshot | None = None,
    keep: Callable[[Snapshot], None] | None = None,
    glimpse: Callable[[dict[str, np.ndarray]], None] | None = None,
    network: keras.Sequential | None = None,
) -> Trained:
    """Trains a network as the knobs say. Emits `Started`, `BatchDone` about every 50 ms, `EpochDone` after `keep`.

    `network`: as `models.build` makes it of this config, where it is at hand already.
    Raises `DeviceError` where the device is missing or out of memory, `NetworkError` for impossible layers.
    """
    with devices.computing(config.device) as device:
        try:
            run = _Run(config, data, emit, control or Control(), keep, glimpse)
            return run.train(device, resume, network or build(config))
        except Exception as error:
            if not devices.out_of_memory(error):
                raise
            raise DeviceError(
                f"{device} must have room for a batch and the network. It ran out of memory with "
                f"batch_size {config.batch_size}. Lower the batch size, or take a smaller network."
            ) from error


class _Run(keras.callbacks.Callback):  # type: ignore[misc]
    """One training: what it tells, after which call."""

    def __init__(self, config: RunConfig, data: Mnist, emit: Any, control: Control, keep: Any, glimpse: Any) -> None:
        super().__init__()
        self.config, self.data, self.emit, self.control = config, data, emit, control
        self.keep, self.glimpse = keep, glimpse
        self.training, self.validation = for_run(config, data)
        self.stopped = False
        self.history: dict[str, list[float]] = {}

    def train(self, device: str, resume: Snapshot | None, network: keras.Sequential) -> Trained:
        config = self.config
        self.helpers = _helpers(config)
        self.resume, epoch = resume, resume.epoch if resume else 0
        self.scale = float(resume.state.get(_SCALE, 1.0)) if resume else 1.0
        self.history = {name: list(values) for name, values in resume.history.items()} if resume else {}
        self.clock = _Clock(self.history["seconds"][-1] if epoch else 0.0)
        self.loop = Loop(
            network,
            self.training,
            self.validation,
            batch_size=config.batch_size,
            seed=config.seed,
            refreshed=self._variations(),
            rates=self._rates(),
        )
        self.emit(self._started(device, epoch))
        self.told = self.glimpsed = self.clock.seconds
        self.loop.fit(config.epochs, self.helpers, live=self, initial_epoch=epoch)
        return Trained(network, self._ended(self.clock.seconds), self.history)

    def on_train_begin(self, logs: Any = None) -> None:
        if self.resume:  # here, because the helpers forget all they know when training begins
            restore(self.resume, self.model, self.helpers)

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self.rate = float(self.model.optimizer.learning_rate)

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        now = self.clock.seconds
        if now - self.told >= POINT_SECONDS or self.loop.position == self.loop.batches:
            self._tell(now)
        if self.glimpse and now - self.glimpsed >= GLIMPSE_SECONDS:
            self.glimpsed = now
            self.glimpse(self._glimpse())
        self._obey(self.loop.epoch + 1)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        if self.loop.position < self.loop.batches:
            return  # stopped on the way: this epoch is none
        rate = self.rate if self.loop.rates is None else float(self.loop.rates[self.loop.step - 1])
        figures = {**(logs or {}), "learning_rate": rate, "seconds": self.clock.seconds}
        for name, value in figures.items():
            self.history.setdefault(name, []).append(float(value))
        if self.keep and all(map(math.isfinite, figures.values())):  # nobody wants to resume a run that ran away
            kept = snapshot(epoch + 1, self.model, self.helpers, self.history)
            self.keep(replace(kept, state={**kept.state, _SCALE: np.array(self.scale)}))
        self.emit(
            EpochDone(
                step=self.loop.step,
                epoch=epoch + 1,
                seconds=figures["seconds"],
                loss=float(figures["loss"]),
                accuracy=float(figures["accuracy"]),
                learning_rate=rate,
                validation_loss=_number(figures.get("val_loss")),
                validation_accuracy=_number(figures.get("val_accuracy")),
            )
        )
        if epoch + 1 < self.config.epochs and not self.model.stop_training:
            self._obey(epoch + 2)  # so that a step of one epoch holds here, and not after the next epoch's first call

    # What it tells and does

    def _obey(self, epoch: int) -> None:
        """Does what is wished; a new learning rate is one of `epoch`, 1-based."""
        with self.clock.held():
            self.control.hold()
        if rate := self.control.learning_rate():
            self._change_rate(rate, epoch)
        if self.control.should_stop():
            self.stopped = self.model.stop_training = True
            if self.loop.position < self.loop.batches:
                for helper in self.helpers:  # Keras validates what is broken off, too: it must not be the best epoch
                    helper.start_from_epoch = self.config.epochs

    def _started(self, device: str, epoch: int) -> Started:
        return Started(
            time=time.time(),
            device=device,
            parameters=parameter_count(self.config),
            train_images=len(self.training),
            validation_images=len(self.validation or ()),
            batches=self.loop.batches,
            epochs=self.config.epochs,
            from_epoch=epoch,
            source=self.data.source.sentence,
        )

    def _tell(self, now: float) -> None:
        sums, loop = self.loop.take(), self.loop
        self.emit(
            BatchDone(
                step=loop.step,
                epoch=loop.epoch + 1,
                batch=loop.position,
                seconds=now,
                loss=sums.mean_loss,
                accuracy=sums.accuracy,
                images_per_second=sums.images / max(now - self.told, 1e-9),
            )
        )
        self.told = now

    def _glimpse(self) -> dict[str, np.ndarray]:
        """The first kernel, and what the network says by now of the first 25 images that it is not trained on."""
        self.loop.sync()
        shown = self.data.validation if self.config.validate_on == "held-out" else self.data.test
        probabilities = np.asarray(self.model(shown.images[:GLIMPSED], training=False))
        return {
            "weights": np.asarray(next(each for each in self.model.trainable_variables if each.name == "kernel")),
            "predicted": probabilities.argmax(1).astype(np.uint8),
        }

    def _change_rate(self, rate: float, epoch: int) -> None:
        if self.loop.rates is None:
            self.loop.sync()
            self.model.optimizer.learning_rate.assign(rate)
            self.rate = rate
        elif self.loop.step < len(self.loop.rates):
            # The schedule goes on from here in its own shape.
            drawn = self._schedule()[self.loop.step :]
            self.scale = rate / max(float(drawn[0]), 1e-12)
            self.loop.rates[self.loop.step :] = drawn * self.scale
        self.emit(RateChanged(self.loop.step, epoch, self.clock.seconds, rate))

    def _rates(self) -> np.ndarray | None:
        return self._schedule() * self.scale if schedules.scheduled(self.config) else None

    def _schedule(self) -> np.ndarray:
        return schedules.rates(self.config, schedules.steps(self.config, len(self.training)))

    def _variations(self) -> EachEpoch | None:
        config, digits = self.config, self.training
        if not (config.augmentation or config.pen or config.styles):
            return None
        return EachEpoch(Variations(digits.images, digits.labels, config))

    def _ended(self, seconds: float) -> RunEnded:
        config, history = self.config, self.history
        epochs = len(history.get("loss", ()))
        patience = next((each for each in self.helpers if isinstance(each, keras.callbacks.EarlyStopping)), None)
        best = patience.best_epoch + 1 if patience and epochs else epochs
        last = {name: values[best - 1] for name, values in history.items()} if epochs else {}
        test_loss, test_accuracy = last.get("val_loss"), last.get("val_accuracy")
        if config.validate_on == "held-out":
            test_loss = test_accuracy = None  # sealed
        elif config.validate_on == "none" or self.stopped:
            sums = self.loop.evaluate(self.data.test)
            test_loss, test_accuracy = sums.mean_loss, sums.accuracy
        return RunEnded(
            outcome=STOPPED if self.stopped else FINISHED,
            reason="Stopped by hand; its weights are kept." if self.stopped else "",
            time=time.time(),
            epochs=epochs,
            fit_seconds=seconds,
            images_per_second=self.loop.trained_images / max(seconds - self.clock.before, 1e-9),
            best_epoch=best if best != epochs else None,
            train_accuracy=last.get("accuracy"),
            train_loss=last.get("loss"),
            validation_accuracy=last.get("val_accuracy"),
            validation_loss=last.get("val_loss"),
            test_accuracy=test_accuracy,
            test_loss=test_loss,
        )


class _Clock:
    """Seconds of training since the run began, pauses left out; `before` it was resumed included."""

    def __init__(self, before: float) -> None:
        self.before, self.start, self.paused = before, time.perf_counter(), 0.0

    @property
    def seconds(self) -> float:
        return self.before + time.perf_counter() - self.start - self.paused

    @contextmanager
    def held(self) -> Iterator[None]:
        begin = time.perf_counter()
        yield
        self.paused += time.perf_counter() - begin


def _helpers(config: RunConfig) -> list[keras.callbacks.Callback]:
    """Keras' own callbacks that the knobs `patience` and `schedule` stand for."""
    helpers: list[keras.callbacks.Callback] = []
    if config.patience:
        helpers.append(keras.callbacks.EarlyStopping(patience=config.patience, restore_best_weights=True))
    if config.schedule == "plateau":
        helpers.append(keras.callbacks.ReduceLROnPlateau(factor=0.1, patience=schedules.PLATEAU_PATIENCE))
    return helpers


def _number(value: Any) -> float | None:
    return None if value is None else float(value)

"""`train`: one config, one training. It emits events, and has no files and no UI code."""

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import keras
import numpy as np

from core import devices
from core.augment.redraw import EpochPrefetcher, Redrawer
from core.config import schedules
from core.config.run_config import RunConfig
from core.data.mnist import Mnist
from core.data.sampling import select_images
from core.errors import DeviceError
from core.network.architecture import parameter_count
from core.runs.checkpoints import TrainingState
from core.runs.events import (
    FINISHED,
    STOPPED,
    BatchDone,
    EpochDone,
    Event,
    Paused,
    RateChanged,
    RunEnded,
    Started,
    Untrained,
)
from core.runs.moments import fixed_images
from core.training.batching import Sums
from core.training.engine import Loop
from core.training.models import build
from core.training.moment_capture import MomentCapture, MomentSink
from core.training.training_state import capture_state, restore_state

POINT_SECONDS = 0.02  # at least, between two live points, if the engine's calls are short
PREVIEW_SECONDS = 1.0
PAUSE_POLL_SECONDS = 0.05  # how often a paused run asks whether it may continue
PREVIEW_IMAGES = 25
UNTRAINED_IMAGES = 500  # training images that the untrained network is measured on, as many as validation images
_SCALE = "schedule/scale"  # the factor of a rate set by a visitor over the schedule


class Control:
    """The requests of visitors, read after each engine call. This one never pauses or stops a run."""

    def should_stop(self) -> bool:
        """Whether to stop now and keep the weights."""
        return False

    def is_paused(self, epochs: int) -> bool:
        """Whether training waits; `epochs` are completed."""
        return False

    def learning_rate(self) -> float | None:
        """A new learning rate, once for each time it is set."""
        return None


@dataclass(frozen=True)
class TrainingResult:
    """A run that has ended: its model, and the last event, which is written after the model is saved."""

    model: keras.Model
    ended: RunEnded
    history: dict[str, list[float]]


def train(
    config: RunConfig,
    data: Mnist,
    emit: Callable[[Event], None],
    control: Control | None = None,
    resume: TrainingState | None = None,
    keep: Callable[[TrainingState], None] | None = None,
    preview: Callable[[dict[str, np.ndarray]], None] | None = None,
    network: keras.Sequential | None = None,
    moments: MomentSink | None = None,
) -> TrainingResult:
    """Trains `config`. Emits `Started`, `BatchDone` about every 50 ms, and `EpochDone` after `keep`.

    network: built by `models.build` for this config, if it exists already. moments: receives small snapshots for
    showing; all are written when this returns.
    Raises `DeviceError` if the device is missing or out of memory, `NetworkError` for impossible layers.
    """
    with devices.use_device(config.device) as device:
        try:
            run = _Run(config, data, emit, control or Control(), keep, preview)
            return run.train(device, resume, network or build(config), moments)
        except Exception as error:
            if not devices.is_out_of_memory(error):
                raise
            raise DeviceError(
                f"{device} ran out of memory with batch_size {config.batch_size}. Lower the batch size, or choose a "
                "smaller network."
            ) from error


class _Run(keras.callbacks.Callback):  # type: ignore[misc]
    """One training: its events, and what happens after each call of the engine."""

    def __init__(self, config: RunConfig, data: Mnist, emit: Any, control: Control, keep: Any, preview: Any) -> None:
        super().__init__()
        self.config, self.data, self.emit, self.control = config, data, emit, control
        self.keep, self.glimpse = keep, preview
        self.training, self.validation = select_images(config, data)
        self.stopped = False
        self.history: dict[str, list[float]] = {}

    def train(
        self, device: str, resume: TrainingState | None, network: keras.Sequential, moments: MomentSink | None
    ) -> TrainingResult:
        config = self.config
        self.keras_callbacks = _keras_callbacks(config)
        self.resume, epoch = resume, resume.epoch if resume else 0
        self.scale = float(resume.state.get(_SCALE, 1.0)) if resume else 1.0
        self.history = {name: list(values) for name, values in resume.history.items()} if resume else {}
        self.clock = _Clock(resume.seconds if resume else 0.0)
        self.loop = Loop(
            network,
            self.training,
            self.validation,
            batch_size=config.batch_size,
            seed=config.seed,
            augment=self._variations(),
            rates=self._rates(),
        )
        batch, sums = 0, Sums()
        if resume and resume.batches == self.loop.batches:  # otherwise the data set has another size now
            batch, sums = resume.batch, Sums(*resume.sums)
        self.moments: MomentCapture | None = None
        if moments is not None:
            self.moments = MomentCapture(config, self.data, self.loop, moments, self.loop.batches)
        self.emit(self._started_event(device, epoch, batch))
        self.last_point_step = epoch * self.loop.batches + batch
        if not self.last_point_step:
            self.emit(self._untrained_event())
        self.last_point = self.last_preview = self.clock.seconds
        try:
            self.loop.fit(
                config.epochs,
                self.keras_callbacks,
                live=self,
                initial_epoch=epoch,
                initial_batch=batch,
                initial_sums=sums,
            )
            seconds = self.clock.seconds
        finally:
            if self.moments:
                self.moments.finish()
        return TrainingResult(network, self._ended_event(seconds), self.history)

    def on_train_begin(self, logs: Any = None) -> None:
        if self.resume:  # here, because callbacks reset themselves when training begins
            restore_state(self.resume, self.model, self.keras_callbacks)
        if self.moments:
            self.loop.watch(self.moments.steps, self.moments.capture)
            self.moments.start(self.loop.step)

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self.rate = float(self.model.optimizer.learning_rate)

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        if self.loop.step == self.last_point_step:
            return  # these batches were trained before the run was stopped
        now = self.clock.seconds
        if now - self.last_point >= POINT_SECONDS or self.loop.position == self.loop.batches:
            self._emit_point(now)
        if self.glimpse and now - self.last_preview >= PREVIEW_SECONDS:
            self.last_preview = now
            self.glimpse(self._preview())
        self._apply_requests(self.loop.epoch + 1)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        if self.loop.position < self.loop.batches:
            return  # stopped in the middle: this epoch is not complete
        rate = self.rate if self.loop.rates is None else float(self.loop.rates[self.loop.step - 1])
        figures = {**(logs or {}), "learning_rate": rate, "seconds": self.clock.seconds}
        for name, value in figures.items():
            self.history.setdefault(name, []).append(float(value))
        if self.keep and all(map(math.isfinite, figures.values())):  # a diverged run must not be resumed from here
            self.keep(self._capture())
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
            self._apply_requests(epoch + 2)  # "One epoch" must pause here, not after the first call of the next epoch

    # Events and requests

    def _apply_requests(self, epoch: int) -> None:
        """Pauses, sets the learning rate for `epoch` (1-based) and stops, as visitors asked."""
        self._wait_while_paused()
        if rate := self.control.learning_rate():
            self._change_rate(rate, epoch)
        if self.control.should_stop():
            self.stopped = self.model.stop_training = True
            self._keep_stopped()
            if self.loop.position < self.loop.batches:
                for callback in self.keras_callbacks:
                    # Keras validates an incomplete epoch too, which must not become the best one.
                    callback.start_from_epoch = self.config.epochs

    def _wait_while_paused(self) -> None:
        if not self.control.is_paused(self._completed_epochs):
            return
        self.emit(Paused(self.loop.step, self.loop.epoch + 1, self.clock.seconds))
        with self.clock.pause():
            while self.control.is_paused(self._completed_epochs):
                time.sleep(PAUSE_POLL_SECONDS)

    def _keep_stopped(self) -> None:
        """Saves the state in which the run was stopped, unless the epoch ends here, which saves its own."""
        in_epoch = self.loop.position < self.loop.batches
        if not in_epoch and self._completed_epochs == self.loop.epoch:
            return
        if self.loop.step > self.last_point_step:
            self._emit_point(self.clock.seconds)
        if self.keep and math.isfinite(self.loop.epoch_sums.loss):
            self.loop.sync()
            self.keep(replace(self._capture(self.loop.position if in_epoch else 0), stopped=True))

    def _capture(self, batch: int = 0) -> TrainingState:
        """The state after the completed epochs and `batch` batches of the next one."""
        saved = capture_state(self._completed_epochs, self.model, self.keras_callbacks, self.history)
        sums = self.loop.epoch_sums if batch else Sums()
        return replace(
            saved,
            state={**saved.state, _SCALE: np.array(self.scale)},
            batch=batch,
            batches=self.loop.batches,
            sums=(sums.loss, sums.correct, sums.images),
            seconds=self.clock.seconds,
        )

    @property
    def _completed_epochs(self) -> int:
        return len(self.history.get("loss", ()))

    def _started_event(self, device: str, epoch: int, batch: int) -> Started:
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
            from_step=epoch * self.loop.batches + batch if self.resume and self.resume.stopped else 0,
        )

    def _untrained_event(self) -> Untrained:
        training = self.loop.evaluate(self.training[:UNTRAINED_IMAGES])
        validation = self.validation and self.loop.evaluate(self.validation[fixed_images(self.validation)])
        return Untrained(
            seconds=self.clock.seconds,
            loss=training.mean_loss,
            accuracy=training.accuracy,
            validation_loss=validation.mean_loss if validation else None,
            validation_accuracy=validation.accuracy if validation else None,
        )

    def _emit_point(self, now: float) -> None:
        sums, loop = self.loop.pop_sums(), self.loop
        self.emit(
            BatchDone(
                step=loop.step,
                epoch=loop.epoch + 1,
                batch=loop.position,
                seconds=now,
                loss=sums.mean_loss,
                accuracy=sums.accuracy,
                images_per_second=sums.images / max(now - self.last_point, 1e-9),
            )
        )
        self.last_point, self.last_point_step = now, loop.step

    def _preview(self) -> dict[str, np.ndarray]:
        """The first kernel, and the predictions for the first 25 images that it is not trained on."""
        self.loop.sync()
        preview_digits = self.data.validation if self.config.validate_on == "held-out" else self.data.test
        probabilities = np.asarray(self.model(preview_digits.images[:PREVIEW_IMAGES], training=False))
        return {
            "weights": np.asarray(next(each for each in self.model.trainable_variables if each.name == "kernel")),
            "predicted": probabilities.argmax(1).astype(np.uint8),
        }

    def _change_rate(self, rate: float, epoch: int) -> None:
        if self.loop.rates is None:
            self.loop.sync()
            self.model.optimizer.learning_rate.assign(rate)
            self.rate = float(self.model.optimizer.learning_rate)
        elif self.loop.step < len(self.loop.rates):
            # From here on the schedule is scaled.
            remaining = self._schedule()[self.loop.step :]
            self.scale = rate / max(float(remaining[0]), 1e-12)
            self.loop.rates[self.loop.step :] = remaining * self.scale
        self.emit(RateChanged(self.loop.step, epoch, self.clock.seconds, rate))

    def _rates(self) -> np.ndarray | None:
        return self._schedule() * self.scale if schedules.has_step_schedule(self.config) else None

    def _schedule(self) -> np.ndarray:
        return schedules.learning_rates(self.config, schedules.total_steps(self.config, len(self.training)))

    def _variations(self) -> EpochPrefetcher | None:
        config, digits = self.config, self.training
        if not config.redraws_images:
            return None
        return EpochPrefetcher(Redrawer(digits.images, digits.labels, config))

    def _ended_event(self, seconds: float) -> RunEnded:
        config, history = self.config, self.history
        epochs = len(history.get("loss", ()))
        early_stopping = next(
            (each for each in self.keras_callbacks if isinstance(each, keras.callbacks.EarlyStopping)), None
        )
        best = early_stopping.best_epoch + 1 if early_stopping and epochs else epochs
        last = {name: values[best - 1] for name, values in history.items()} if epochs else {}
        test_loss, test_accuracy = last.get("val_loss"), last.get("val_accuracy")
        if config.validate_on == "held-out":
            test_loss = test_accuracy = None  # sealed
        elif config.validate_on == "none" or self.stopped:
            sums = self.loop.evaluate(self.data.test)
            test_loss, test_accuracy = sums.mean_loss, sums.accuracy
        return RunEnded(
            outcome=STOPPED if self.stopped else FINISHED,
            reason="The weights are saved. Resume continues from this point." if self.stopped else "",
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
    """Seconds of training since the run began, without pauses, with those `before` a resume."""

    def __init__(self, before: float) -> None:
        self.before, self.start, self.paused = before, time.perf_counter(), 0.0

    @property
    def seconds(self) -> float:
        return self.before + time.perf_counter() - self.start - self.paused

    @contextmanager
    def pause(self) -> Iterator[None]:
        pause_start = time.perf_counter()
        yield
        self.paused += time.perf_counter() - pause_start


def _keras_callbacks(config: RunConfig) -> list[keras.callbacks.Callback]:
    """Keras' own callbacks for the knobs `patience` and `schedule`."""
    keras_callbacks: list[keras.callbacks.Callback] = []
    if config.patience:
        keras_callbacks.append(keras.callbacks.EarlyStopping(patience=config.patience, restore_best_weights=True))
    if config.schedule == "plateau":
        keras_callbacks.append(keras.callbacks.ReduceLROnPlateau(factor=0.1, patience=schedules.PLATEAU_PATIENCE))
    return keras_callbacks


def _number(value: Any) -> float | None:
    return None if value is None else float(value)

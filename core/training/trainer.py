"""`train`: one config, one training. It emits events, and has no files and no UI code."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import keras
import numpy as np

from core.config.run_config import RunConfig
from core.data.mnist import Mnist
from core.devices import computing
from core.errors import DeviceError
from core.runs.checkpoints import TrainingState
from core.runs.events import Event, Paused, RateChanged, RunEnded
from core.training.batching import LoopOptions, StartPoint, Sums
from core.training.callbacks import best_epoch, build_callbacks
from core.training.engine import Loop
from core.training.hooks import Hooks
from core.training.live_preview import LivePreview
from core.training.models import build
from core.training.moment_capture import MomentCapture
from core.training.run_clock import RunClock
from core.training.run_events import RunEvents
from core.training.run_schedule import RunSchedule
from core.training.training_images import redrawn_images, training_images
from core.training.training_state import capture_state, restore_state

POINT_SECONDS = 0.02  # at least, between two live points, if the engine's calls are short
PAUSE_POLL_SECONDS = 0.05  # how often a paused run asks whether it may continue
_SCALE = "schedule/scale"  # the factor of a rate set by a visitor over the schedule


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
    hooks: Hooks | None = None,
    resume: TrainingState | None = None,
    network: keras.Sequential | None = None,
) -> TrainingResult:
    """Trains `config`. Emits `Started`, `BatchDone` about every 50 ms, and `EpochDone` after `hooks.keep`.

    network: built by `models.build` for this config, if it exists already.
    Raises `DeviceError` if the device is missing or out of memory, `NetworkError` for impossible layers.
    """
    with computing.use_device(config.device) as device:
        try:
            run = _Run(config, data, emit, hooks or Hooks())
            result = run.train(device, resume, network or build(config))
            run.preview.show_model(result.model)  # the last preview may be older than the final weights
            return result
        except Exception as error:
            if not computing.is_out_of_memory(error):
                raise
            raise DeviceError(
                f"{device} ran out of memory with batch_size {config.batch_size}. Lower the batch size, or choose a "
                "smaller network."
            ) from error


class _Run(keras.callbacks.Callback):  # type: ignore[misc]
    """One training: its events, and what happens after each call of the engine."""

    def __init__(self, config: RunConfig, data: Mnist, emit: Callable[[Event], None], hooks: Hooks) -> None:
        super().__init__()
        self.config, self.data, self.emit, self.hooks = config, data, emit, hooks
        self.training, self.validation, self.source = training_images(config, data)
        self.keras_callbacks = build_callbacks(config)
        self.preview = LivePreview(config, data, hooks.preview)
        self.stopped = False
        self.moments: MomentCapture | None = None

    def train(self, device: str, resume: TrainingState | None, network: keras.Sequential) -> TrainingResult:
        config, self.resume = self.config, resume
        epoch, batch, sums = resume.epoch if resume else 0, 0, Sums()
        self.history = {name: list(values) for name, values in resume.history.items()} if resume else {}
        self.clock = RunClock(resume.seconds if resume else 0.0)
        scale = float(resume.state.get(_SCALE, 1.0)) if resume else 1.0
        self.schedule = RunSchedule(config, len(self.training), scale)
        augment, rates = redrawn_images(config, self.training, epoch), self.schedule.rates()
        options = LoopOptions(config.batch_size, config.seed, augment, rates, pack=self.hooks.pack)
        self.loop = Loop(network, self.training, self.validation, options)
        if resume and resume.batches == self.loop.batches:  # otherwise the data set has another size now
            batch, sums = resume.batch, Sums(*resume.sums)
        if self.hooks.moments is not None:
            is_watched = self.hooks.control.is_watched
            self.moments = MomentCapture(config, self.data, self.loop, self.hooks.moments, is_watched)
        self.events = RunEvents(config, self.data, self.loop, self.clock)
        self.last_point_step = epoch * self.loop.batches + batch
        start_step = self.last_point_step if resume and resume.stopped else 0
        self.emit(self.events.started(device, self.source, epoch, start_step))
        if not self.last_point_step:
            self.emit(self.events.untrained())
        self.last_point = self.clock.seconds
        seconds = self._fit(StartPoint(epoch, batch, sums))
        best = best_epoch(self.keras_callbacks)
        ended = self.events.ended(self.history, seconds, best=best, stopped=self.stopped)
        return TrainingResult(network, ended, self.history)

    def _fit(self, start: StartPoint) -> float:
        """Trains from `start` on; returns the seconds of the run."""
        try:
            self.loop.fit(self.config.epochs, self.keras_callbacks, live=self, start=start)
            return self.clock.seconds
        finally:
            if self.moments:
                self.moments.finish()

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
        self.preview.update(now, self.loop)
        if self.moments:
            self.moments.glance(self.loop.step, self.loop.epoch_sums)
        self._apply_requests(self.loop.epoch + 1)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        if self.loop.position < self.loop.batches:
            return  # stopped in the middle: this epoch is not complete
        rate = self.rate if self.loop.rates is None else float(self.loop.rates[self.loop.step - 1])
        figures = {**(logs or {}), "learning_rate": rate, "seconds": self.clock.seconds}
        for name, value in figures.items():
            self.history.setdefault(name, []).append(float(value))
        if self.hooks.save_state and all(map(math.isfinite, figures.values())):  # after that, it cannot be resumed
            self.hooks.save_state(self._capture())
        self.emit(self.events.epoch_done(epoch + 1, figures))
        if self.model.stop_training and not self.stopped and self.moments:  # patience ends the run
            self.moments.capture_stop(self.loop.step, self.loop.epoch_sums)
        if epoch + 1 < self.config.epochs and not self.model.stop_training:
            self._apply_requests(epoch + 2)  # "One epoch" must pause here, not after the first call of the next epoch

    def _apply_requests(self, epoch: int) -> None:
        """Pauses, sets the learning rate for `epoch` (1-based) and stops, as visitors asked."""
        self._wait_while_paused()
        if rate := self.hooks.control.learning_rate():
            self._change_rate(rate, epoch)
        if self.hooks.control.should_stop():
            self.stopped = self.model.stop_training = True
            self._save_stopped()
            if self.loop.position < self.loop.batches:
                for callback in self.keras_callbacks:
                    # Keras validates an incomplete epoch too, which must not become the best one.
                    callback.start_from_epoch = self.config.epochs

    def _wait_while_paused(self) -> None:
        if not self.hooks.control.is_paused(self._completed_epochs):
            return
        self.emit(Paused(self.loop.step, self.loop.epoch + 1, self.clock.seconds))
        self.preview.update(self.clock.seconds, self.loop, at_once=True)
        with self.clock.pause():
            while self.hooks.control.is_paused(self._completed_epochs):
                if self.moments:  # who pauses a run looks at the network as it is now
                    self.moments.glance(self.loop.step, self.loop.epoch_sums)
                time.sleep(PAUSE_POLL_SECONDS)

    def _change_rate(self, rate: float, epoch: int) -> None:
        if self.loop.rates is None:
            self.loop.sync()
            self.model.optimizer.learning_rate.assign(rate)
            self.rate = float(self.model.optimizer.learning_rate)
        elif self.loop.step < len(self.loop.rates):
            self.schedule.change(self.loop.rates, self.loop.step, rate)
        self.emit(RateChanged(self.loop.step, epoch, self.clock.seconds, rate))

    def _save_stopped(self) -> None:
        """Saves the state in which the run was stopped, unless the epoch ends here, which saves its own."""
        if self.moments:
            self.moments.capture_stop(self.loop.step, self.loop.epoch_sums)
        in_epoch = self.loop.position < self.loop.batches
        if not in_epoch and self._completed_epochs == self.loop.epoch:
            return
        if self.loop.step > self.last_point_step:
            self._emit_point(self.clock.seconds)
        if self.hooks.save_state and math.isfinite(self.loop.epoch_sums.loss):
            self.loop.sync()
            self.hooks.save_state(replace(self._capture(self.loop.position if in_epoch else 0), stopped=True))

    def _capture(self, batch: int = 0) -> TrainingState:
        """The state after the completed epochs and `batch` batches of the next one."""
        saved = capture_state(self._completed_epochs, self.model, self.keras_callbacks, self.history)
        sums = self.loop.epoch_sums if batch else Sums()
        return replace(
            saved,
            state={**saved.state, _SCALE: np.array(self.schedule.scale)},
            batch=batch,
            batches=self.loop.batches,
            sums=(sums.loss, sums.correct, sums.images),
            seconds=self.clock.seconds,
        )

    @property
    def _completed_epochs(self) -> int:
        return len(self.history.get("loss", ()))

    def _emit_point(self, now: float) -> None:
        self.emit(self.events.batch_done(now, self.last_point))
        self.last_point, self.last_point_step = now, self.loop.step

"""Builds the events of a run from its engine, its clock and its history."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

from core.config.run_config import NO_VALIDATION, RunConfig
from core.data.mnist import Mnist
from core.network.architecture import count_parameters
from core.runs.events import FINISHED, STOPPED, BatchDone, EpochDone, RunEnded, Started, Untrained
from core.runs.moments import fixed_images
from core.training.engine import Loop
from core.training.run_clock import RunClock

UNTRAINED_IMAGES = 500  # training images for the figures of the untrained network, as many as validation images


class RunEvents:
    """The events of one run. Its figures are those of the moment of the call."""

    def __init__(self, config: RunConfig, data: Mnist, loop: Loop, clock: RunClock) -> None:
        self.config, self.data, self.loop, self.clock = config, data, loop, clock

    def started(self, device: str, source: str, epoch: int, from_step: int) -> Started:
        """The run begins after `epoch` epochs. source: its images. from_step: where a stopped run continues, else 0."""
        return Started(
            time=time.time(),
            device=device,
            parameters=count_parameters(self.config),
            train_images=len(self.loop.train),
            validation_images=len(self.loop.validation or ()),
            batches=self.loop.batches,
            epochs=self.config.epochs,
            from_epoch=epoch,
            source=source,
            from_step=from_step,
        )

    def untrained(self) -> Untrained:
        """The figures of the network before its first step. The clock stands meanwhile: it is not a part of `fit`."""
        validation = self.loop.validation
        with self.clock.pause():
            training = self.loop.evaluate(self.loop.train[:UNTRAINED_IMAGES])
            seen = validation and self.loop.evaluate(validation[fixed_images(validation)])
        return Untrained(
            seconds=self.clock.seconds,
            loss=training.mean_loss,
            accuracy=training.accuracy,
            validation_loss=seen.mean_loss if seen else None,
            validation_accuracy=seen.accuracy if seen else None,
        )

    def batch_done(self, now: float, last_point: float) -> BatchDone:
        """The figures since the last call. now, last_point: seconds of this and of the last point."""
        sums, loop = self.loop.pop_sums(), self.loop
        return BatchDone(
            step=loop.step,
            epoch=loop.epoch + 1,
            batch=loop.position,
            seconds=now,
            loss=sums.mean_loss,
            accuracy=sums.accuracy,
            images_per_second=sums.images / max(now - last_point, 1e-9),
        )

    def epoch_done(self, epoch: int, figures: Mapping[str, Any]) -> EpochDone:
        """The end of `epoch` (1-based) with Keras' logs, the learning rate and the seconds."""
        return EpochDone(
            step=self.loop.step,
            epoch=epoch,
            seconds=figures["seconds"],
            loss=float(figures["loss"]),
            accuracy=float(figures["accuracy"]),
            learning_rate=figures["learning_rate"],
            validation_loss=_number(figures.get("val_loss")),
            validation_accuracy=_number(figures.get("val_accuracy")),
        )

    def ended(
        self, history: Mapping[str, Sequence[float]], seconds: float, *, best: int | None, stopped: bool
    ) -> RunEnded:
        """The end of the run. best: the epoch (1-based) whose weights early stopping has kept; None: the last."""
        epochs = len(history.get("loss", ()))
        saved_epoch = best if best and epochs else epochs
        last = {name: values[saved_epoch - 1] for name, values in history.items()} if epochs else {}
        test_loss, test_accuracy = last.get("val_loss"), last.get("val_accuracy")
        if self.config.holds_out:
            test_loss = test_accuracy = None  # sealed
        elif self.config.validate_on == NO_VALIDATION or stopped:
            sums = self.loop.evaluate(self.data.test)
            test_loss, test_accuracy = sums.mean_loss, sums.accuracy
        return RunEnded(
            outcome=STOPPED if stopped else FINISHED,
            reason="The weights are saved. Resume continues from this point." if stopped else "",
            time=time.time(),
            epochs=epochs,
            fit_seconds=seconds,
            images_per_second=self.loop.trained_images / max(seconds - self.clock.before, 1e-9),
            best_epoch=saved_epoch if saved_epoch != epochs else None,
            train_accuracy=last.get("accuracy"),
            train_loss=last.get("loss"),
            validation_accuracy=last.get("val_accuracy"),
            validation_loss=last.get("val_loss"),
            test_accuracy=test_accuracy,
            test_loss=test_loss,
        )


def _number(value: Any) -> float | None:
    return None if value is None else float(value)

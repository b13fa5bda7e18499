"""The progress bar of a training on the command line."""

import sys
import time

from core.config.run_config import RunConfig
from core.formatting import duration, percent
from core.runs.events import BatchDone, EpochDone, Event, Started

BAR = 24  # characters


class ProgressBar:
    """The progress bar on stderr: one line that is updated on a terminal, elsewhere one line for each epoch."""

    def __init__(self, config: RunConfig) -> None:
        self.epochs, self.batches = config.epochs, 1
        self.live = sys.stderr.isatty()
        self._drawn, self._has_shown_wait = 0.0, False

    def on_event(self, event: Event) -> None:
        match event:
            case Started():
                self.batches, self.epochs = event.batches, event.epochs
                self._line(f"{event.device}: {event.train_images:,} images, {event.parameters:,} parameters", "\n")
            case BatchDone() if self.live and time.monotonic() - self._drawn > 0.1:
                self._drawn = time.monotonic()
                share = event.batch / self.batches
                left = (self.epochs * self.batches - event.step) * event.seconds / max(event.step, 1)
                figures = f"{_figures(event)} {event.images_per_second:,.0f} images/s"
                self._line(f"{self._bar(event.epoch, share)} {figures} {duration(left)} left")
            case EpochDone():
                figures = _figures(event)
                if event.validation_accuracy is not None:
                    figures += f" validation {percent(event.validation_accuracy)}"
                self._line(f"{self._bar(event.epoch, 1.0)} {figures} {duration(event.seconds)}", "\n")

    def on_wait(self, run_id: str) -> None:
        """Prints once that another run uses the device."""
        if not self._has_shown_wait:
            self._has_shown_wait = True
            other = f"run {run_id}" if run_id else "another program"
            self._line(f"Waiting for {other} on this device. Press Ctrl-C to cancel.", "\n")

    def close(self) -> None:
        if self.live:
            self._line("")

    def _bar(self, epoch: int, share: float) -> str:
        done = round(BAR * share)
        return f"Epoch {epoch}/{self.epochs} [{'━' * done}{' ' * (BAR - done)}]"

    def _line(self, text: str, end: str = "") -> None:
        print(
            f"\r\x1b[K{text}" if self.live else text,
            end=end or ("" if self.live else "\n"),
            file=sys.stderr,
            flush=True,
        )


def _figures(event: BatchDone | EpochDone) -> str:
    return f"loss {event.loss:.4f} accuracy {percent(event.accuracy)}"

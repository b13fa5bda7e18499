"""The exact output of `fit` in Keras 3.15.1 during training, without terminal colours."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

BAR_WIDTH = 20  # characters in Keras' progress bar
Metrics = Mapping[str, float]


@dataclass(frozen=True)
class EpochOutput:
    """What Keras prints for one epoch: its seconds, seconds per step, and metrics in the order of the line.

    The time per step leaves out the first step for verbose=1. For verbose=2 it is seconds / steps.
    """

    seconds: float
    seconds_per_step: float
    metrics: Metrics


@dataclass(frozen=True)
class BarUpdate:
    """A line that verbose=1 shows during an epoch. metrics: averages over the epoch so far."""

    step: int
    seconds_left: float
    seconds_per_step: float
    metrics: Metrics


def fit_output(verbose: int, epochs: Sequence[EpochOutput], steps: int) -> str:
    """The complete output of `fit(…, verbose=verbose)`; empty for 0."""
    if verbose == 0:
        return ""
    line = {1: format_final_bar, 2: format_epoch_line}[verbose]
    heads = [f"Epoch {n}/{len(epochs)}\n" if len(epochs) > 1 else "" for n in range(1, len(epochs) + 1)]
    return "\n".join(head + line(steps, epoch) for head, epoch in zip(heads, epochs, strict=True))


def format_bar_update(update: BarUpdate, steps: int) -> str:
    """verbose=1 in the middle of an epoch."""
    rest = f"{_format_step_time(update.seconds_per_step)}{_format_metrics(update.metrics)}"
    return f"{_bar(update.step, steps)} {_format_time_left(update.seconds_left)} {rest}"


def format_final_bar(steps: int, epoch: EpochOutput) -> str:
    """verbose=1 at the end of an epoch: a full bar and the time of the epoch."""
    rest = f"{_format_step_time(epoch.seconds_per_step)}{_format_metrics(epoch.metrics)}"
    return f"{_bar(steps, steps)} {epoch.seconds:.0f}s {rest}"


def format_epoch_line(steps: int, epoch: EpochOutput) -> str:
    """verbose=2 at the end of an epoch."""
    rest = f"{_format_step_time(epoch.seconds_per_step)}{_format_metrics(epoch.metrics)}"
    return f"{steps}/{steps} - {epoch.seconds:.0f}s - {rest}"


def _bar(step: int, steps: int) -> str:
    # Keras uses the same character for done (green) and left (grey), so without colours the bar looks full.
    return f"{step:{int(math.log10(steps)) + 1}d}/{steps} {'━' * BAR_WIDTH}"


def count_filled(step: int, steps: int) -> int:
    """The number of green characters in the bar after `step` of `steps` batches."""
    return int(BAR_WIDTH * step / steps)


def _format_time_left(seconds: float) -> str:
    if seconds > 3600:
        return f"{int(seconds // 3600)}:{int(seconds % 3600 // 60):02d}:{int(seconds % 60):02d}"
    return f"{int(seconds // 60)}:{int(seconds % 60):02d}" if seconds > 60 else f"{int(seconds)}s"


def _format_step_time(seconds: float) -> str:
    if seconds >= 1 or seconds == 0:
        return f"{seconds:.0f}s/step"
    return f"{seconds * 1e3:.0f}ms/step" if seconds >= 1e-3 else f"{seconds * 1e6:.0f}us/step"


def _format_metrics(metrics: Metrics) -> str:
    return "".join(f" - {name}: {f'{v:.4f}' if v > 1e-3 else f'{v:.4e}'}" for name, v in metrics.items())


def _epoch(
    seconds: float, seconds_per_step: float, accuracy: float, loss: float, val_accuracy: float, val_loss: float
) -> EpochOutput:
    metrics = {"accuracy": accuracy, "loss": loss, "val_accuracy": val_accuracy, "val_loss": val_loss}
    return EpochOutput(seconds, seconds_per_step, metrics)


# Printed by Keras 3.15.1 (TensorFlow 2.21, two cores) for the recipe `chollet`, validated on the test set, seed 1.
STEPS = 469
EPOCHS = {
    1: (
        _epoch(5, 0.007, 0.9243, 0.2629, 0.9600, 0.1350),
        _epoch(2, 0.005, 0.9683, 0.1072, 0.9727, 0.0924),
        _epoch(2, 0.005, 0.9798, 0.0701, 0.9778, 0.0757),
    ),
    2: (
        _epoch(2, 0.004, 0.9243, 0.2629, 0.9600, 0.1350),
        _epoch(3, 0.007, 0.9683, 0.1072, 0.9727, 0.0924),
        _epoch(2, 0.003, 0.9798, 0.0701, 0.9778, 0.0757),
    ),
}
EPOCHS[0] = EPOCHS[2]
BAR_UPDATES = tuple(
    BarUpdate(step, seconds, seconds_per_step, {"accuracy": accuracy, "loss": loss})
    for step, seconds, seconds_per_step, accuracy, loss in (
        (1, 1040, 2, 0.0703, 2.3943),
        (9, 2, 0.006, 0.6137, 1.3342),
        (20, 2, 0.005, 0.7371, 0.9538),
        (42, 2, 0.005, 0.8047, 0.7063),
        (65, 1, 0.005, 0.8349, 0.5884),
        (103, 2, 0.006, 0.8638, 0.4855),
        (151, 2, 0.007, 0.8817, 0.4188),
        (202, 1, 0.006, 0.8945, 0.3732),
        (248, 1, 0.006, 0.9024, 0.3427),
        (304, 0, 0.006, 0.9097, 0.3154),
        (352, 0, 0.006, 0.9149, 0.2959),
        (400, 0, 0.005, 0.9188, 0.2812),
        (455, 0, 0.005, 0.9232, 0.2657),
    )
)

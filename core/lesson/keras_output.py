"""What `fit` prints while it trains, letter for letter as Keras 3.15.1 has it, without the colours of a terminal."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

BAR = 20  # signs in Keras' progress bar
Figures = Mapping[str, float]


@dataclass(frozen=True)
class Epoch:
    """What Keras had to say of one epoch: its seconds, those of a step, and name → value in the order of the line.

    A step's seconds leave the first step out where verbose is 1, and are seconds / steps where it is 2.
    """

    seconds: float
    per_step: float
    figures: Figures


@dataclass(frozen=True)
class Moment:
    """A line that verbose=1 drew on the way and wiped out with the next. figures: averages over the epoch so far."""

    step: int
    seconds_left: float
    per_step: float
    figures: Figures


def transcript(verbose: int, epochs: Sequence[Epoch], steps: int) -> str:
    """All that stands on the screen after `fit(…, verbose=verbose)`; empty for 0."""
    if verbose == 0:
        return ""
    line = {1: bar_at_the_end, 2: one_line}[verbose]
    heads = [f"Epoch {n}/{len(epochs)}\n" if len(epochs) > 1 else "" for n in range(1, len(epochs) + 1)]
    return "\n".join(head + line(steps, epoch) for head, epoch in zip(heads, epochs, strict=True))


def bar_on_the_way(moment: Moment, steps: int) -> str:
    """verbose=1 in the middle of an epoch."""
    rest = f"{_left(moment.seconds_left)} {_a_step(moment.per_step)}{_named(moment.figures)}"
    return f"{_bar(moment.step, steps)} {rest}"


def bar_at_the_end(steps: int, epoch: Epoch) -> str:
    """verbose=1 when the epoch is over: the bar is full, the time is what it took."""
    return f"{_bar(steps, steps)} {epoch.seconds:.0f}s {_a_step(epoch.per_step)}{_named(epoch.figures)}"


def one_line(steps: int, epoch: Epoch) -> str:
    """verbose=2 when the epoch is over."""
    return f"{steps}/{steps} - {epoch.seconds:.0f}s - {_a_step(epoch.per_step)}{_named(epoch.figures)}"


def _bar(step: int, steps: int) -> str:
    # Keras draws the same sign twice, first green, then grey; without colours only the count tells them apart.
    return f"{step:{int(math.log10(steps)) + 1}d}/{steps} {'━' * BAR}"


def filled(step: int, steps: int) -> int:
    """How many of the bar's signs are green after `step` of `steps` batches."""
    return int(BAR * step / steps)


def _left(seconds: float) -> str:
    if seconds > 3600:
        return f"{int(seconds // 3600)}:{int(seconds % 3600 // 60):02d}:{int(seconds % 60):02d}"
    return f"{int(seconds // 60)}:{int(seconds % 60):02d}" if seconds > 60 else f"{int(seconds)}s"


def _a_step(seconds: float) -> str:
    if seconds >= 1 or seconds == 0:
        return f"{seconds:.0f}s/step"
    return f"{seconds * 1e3:.0f}ms/step" if seconds >= 1e-3 else f"{seconds * 1e6:.0f}us/step"


def _named(figures: Figures) -> str:
    return "".join(f" - {name}: {f'{v:.4f}' if v > 1e-3 else f'{v:.4e}'}" for name, v in figures.items())


def _epoch(
    seconds: float, per_step: float, accuracy: float, loss: float, val_accuracy: float, val_loss: float
) -> Epoch:
    figures = {"accuracy": accuracy, "loss": loss, "val_accuracy": val_accuracy, "val_loss": val_loss}
    return Epoch(seconds, per_step, figures)


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
MOMENTS = tuple(
    Moment(step, seconds, per_step, {"accuracy": accuracy, "loss": loss})
    for step, seconds, per_step, accuracy, loss in (
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

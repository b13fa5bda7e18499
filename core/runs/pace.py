"""How far a run is, how fast it trains, and how long it will take until its end."""

from core.runs.curves import Curves
from core.runs.events import BatchDone, EpochDone

RECENT_POINTS = 20  # of the chart: over so many the speed is averaged


def steps_done(curves: Curves) -> int:
    """Batches trained so far."""
    latest: list[BatchDone | EpochDone] = [*curves.batches[-1:], *curves.epochs[-1:]]
    return max((event.step for event in latest), default=0)


def total_steps(curves: Curves) -> int:
    """Batches of the whole run; 0 before it has started."""
    return curves.started.epochs * curves.started.batches if curves.started else 0


def share_done(curves: Curves) -> float:
    """The trained share of the run, in [0, 1]."""
    return min(steps_done(curves) / max(total_steps(curves), 1), 1.0)


def seconds_left(curves: Curves) -> float | None:
    """Estimated from the latest points, without the first of all, whose steps were slow; None before the second."""
    points = curves.batches
    if len(points) < 2 or curves.started is None:
        return None
    since = points[-min(max(RECENT_POINTS, len(points) // 4), len(points))]
    seconds_per_step = (points[-1].seconds - since.seconds) / max(points[-1].step - since.step, 1)
    return seconds_per_step * (total_steps(curves) - points[-1].step)


def images_per_second(curves: Curves) -> float | None:
    """The mean of the latest points; None before the first."""
    recent = curves.batches[-RECENT_POINTS:]
    return sum(point.images_per_second for point in recent) / len(recent) if recent else None


def current_epoch(curves: Curves, *, paused: bool) -> str:
    """ "Epoch 3 of 5", "Paused in epoch 3 of 5" or, between two epochs, "Paused after epoch 2 of 5"."""
    assert curves.started is not None
    epochs, (done, within) = curves.started.epochs, divmod(steps_done(curves), curves.started.batches)
    if paused and done and not within:
        return f"Paused after epoch {done} of {epochs}"
    return f"{'Paused in epoch' if paused else 'Epoch'} {min(done + 1, epochs)} of {epochs}"

"""How far a run is and how long it will take, from points with known times."""

from types import SimpleNamespace
from typing import Any, cast

from core.runs import pace
from core.runs.curves import Curves
from core.runs.events import BatchDone, EpochDone, Started


def curves(points: int, seconds_per_step: float = 0.1) -> Curves:
    """A run of 2 epochs with 50 batches each, after so many of them. The first step took 5 s."""
    seen = Curves(cast(Any, SimpleNamespace()))
    seen.started = Started(0.0, "CPU", 10, 500, 0, 50, 2)
    for step in range(1, points + 1):
        seconds = 5.0 + (step - 1) * seconds_per_step
        seen.batches.append(BatchDone(step, 1 + (step - 1) // 50, 1 + (step - 1) % 50, seconds, 1.0, 0.5, 10.0 * step))
    return seen


def test_the_share_and_the_time_left_follow_the_steps():
    assert pace.share_done(curves(0)) == 0.0
    assert pace.share_done(curves(25)) == 0.25
    assert round(pace.seconds_left(curves(40)), 6) == 6.0  # 60 steps of 0.1 s: the slow first one does not count


def test_the_time_left_is_unknown_before_the_second_point():
    assert pace.seconds_left(curves(0)) is None
    assert pace.seconds_left(curves(1)) is None  # it was 0.0 s, at the start of the run


def test_the_time_left_does_not_jump_with_each_point_of_a_short_run():
    """The first call of each epoch is slower than the others: here four points an epoch, of 0.4, 0.1, 0.1 and 0.1 s."""
    seen = curves(0)
    seen.started = Started(0.0, "CPU", 10, 500, 0, 4, 5)
    errors, seconds = [], 0.0
    for step in range(1, 21):
        seconds += 0.4 if step % 4 == 1 else 0.1
        seen.batches.append(BatchDone(step, 1 + (step - 1) // 4, 1 + (step - 1) % 4, seconds, 1.0, 0.5, 10.0))
        if step > 4:
            errors.append(abs(pace.seconds_left(seen) - (3.5 - seconds)))
    assert max(errors) < 0.7


def test_the_speed_is_the_mean_of_the_latest_points():
    assert pace.images_per_second(curves(0)) is None
    assert pace.images_per_second(curves(40)) == 305.0  # points 21 to 40


def test_a_pause_between_two_epochs_is_after_the_first():
    seen = curves(50)
    assert pace.current_epoch(seen, paused=True) == "Paused after epoch 1 of 2"
    assert pace.current_epoch(seen, paused=False) == "Epoch 2 of 2"
    assert pace.current_epoch(curves(20), paused=True) == "Paused in epoch 1 of 2"
    seen.epochs.append(EpochDone(100, 2, 15.0, 0.1, 0.9, 0.001))
    assert pace.current_epoch(seen, paused=False) == "Epoch 2 of 2"

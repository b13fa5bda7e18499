"""What a run saves while it trains, and where it continues."""

import numpy as np
import pytest

from core.jobs.recorder import RunRecorder
from core.runs.control import ControlRequests
from core.runs.curves import Curves
from core.runs.events import BatchDone
from tests.small_run import SMALL, train, weights_of

pytestmark = pytest.mark.usefixtures("nothing_is_compiled", "embedded_data")


def test_an_epoch_saved_but_not_reported_is_reported_by_the_resume(store):
    run, _ = train(store, SMALL.changed(epochs=2))
    epoch_events = run.epochs
    lines = run.events_path.read_bytes().splitlines(keepends=True)
    last = max(i for i, line in enumerate(lines) if b'"EpochDone"' in line)
    run.events_path.write_bytes(b"".join(lines[:last]))  # killed between keeping epoch 2 and saying so
    store.write(run.id, config=SMALL.to_dict())
    RunRecorder(store, run.id).run()
    assert [done.epoch for done in run.epochs] == [1, 2, 3]
    assert run.epochs[1].loss == epoch_events[1].loss
    assert run.epochs[1].validation_accuracy == epoch_events[1].validation_accuracy


def test_more_epochs_go_on_where_the_run_ended(store):
    once, _ = train(store, SMALL.changed(epochs=4))
    run, _ = train(store, SMALL.changed(epochs=2))
    store.write(run.id, config=SMALL.changed(epochs=4).to_dict())
    RunRecorder(store, run.id).run()
    for name, expected in weights_of(once).items():
        np.testing.assert_array_equal(expected, weights_of(run)[name])


def stop_at(store, config, step):
    """A run that is stopped at its first event from this step on."""
    run = store.create(config)

    def on_event(event):
        if isinstance(event, BatchDone) and event.step >= step:
            ControlRequests(run).stop()

    RunRecorder(store, run.id, on_event=on_event).run()
    ControlRequests(run).clear()
    return run


@pytest.fixture
def short_calls(monkeypatch):
    """Calls of four batches, so that a small run has many."""
    monkeypatch.setattr("core.training.call_size.estimate_step_seconds", lambda model, size: 0.05 / 4)
    monkeypatch.setattr("core.training.trainer.POINT_SECONDS", 0.0)


@pytest.mark.parametrize("step", [4, 12])  # in the first epoch, of which nothing else is saved, and in the second
def test_a_stopped_run_continues_in_the_middle_of_the_epoch_and_ends_bit_for_bit_the_same(store, short_calls, step):
    config = SMALL.changed(dropout=0.3, schedule="cosine", augmentation=0.3)
    whole, _ = train(store, config)
    run = stop_at(store, config, step)
    assert run.state == "stopped"
    assert run.has_model
    assert "Resume continues" in run.ended.reason
    assert run.continues == f"Continues in epoch {step // 8 + 1} at step {step}."
    RunRecorder(store, run.id).run()
    assert run.state == "finished"
    for name, expected in weights_of(whole).items():
        np.testing.assert_array_equal(expected, weights_of(run)[name])
    assert [done.loss for done in run.epochs] == [done.loss for done in whole.epochs]
    steps, _ = Curves(run).refresh().batch_points("step", "loss")
    assert steps.tolist() == [0, 4, 8, 12, 16, 20, 24]  # 0: the untrained network
    assert not run.stopped_state_path.exists()


def test_after_a_kill_a_run_continues_after_its_last_completed_epoch_and_says_so(store, short_calls):
    class Killed(BaseException):
        pass

    def on_event(event):
        if isinstance(event, BatchDone) and event.step == 20:
            raise Killed

    run = store.create(SMALL)
    with pytest.raises(Killed):
        RunRecorder(store, run.id, on_event=on_event).run()
    assert run.state == "interrupted"
    assert run.step == 20
    assert run.continues == "Continues after epoch 2."
    RunRecorder(store, run.id).run()
    assert run.started.from_epoch == 2
    steps, _ = Curves(run).refresh().batch_points("step", "loss")
    assert steps.tolist() == [0, 4, 8, 12, 16, 20, 24]  # 0: the untrained network


def test_a_damaged_state_of_a_stop_falls_back_to_the_last_epoch(store, short_calls):
    run = stop_at(store, SMALL, 12)
    content = bytearray(run.stopped_state_path.read_bytes())
    position = content.index(b"weights:") + 200  # in the numbers of the first weights
    content[position : position + 100] = bytes(100)
    run.stopped_state_path.write_bytes(content)
    RunRecorder(store, run.id).run()
    assert run.state == "finished"
    assert [done.epoch for done in run.epochs] == [1, 2, 3]


def test_a_new_run_starts_from_the_beginning(store):
    assert store.create(SMALL).continues == "Starts from the beginning."


def test_the_epochs_kept_are_bounded_and_spread(store, monkeypatch):
    monkeypatch.setenv("DIGIT_LAB_KEEP_EPOCHS", "4")
    run, _ = train(store, SMALL.changed(epochs=9, train_images=100))
    assert len(run.checkpoint_epochs) <= 4
    assert run.checkpoint_epochs[0] == 1
    assert run.checkpoint_epochs[-1] == 9

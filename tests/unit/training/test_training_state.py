"""A resumed run goes on as if it had never stopped."""

import numpy as np
import pytest

from core.config.run_config import RunConfig
from core.runs.events import FINISHED, STOPPED, BatchDone, EpochDone, Started
from tests.unit.training.recorded import SMALL, Requests, assert_equal, of, record

pytestmark = pytest.mark.usefixtures("nothing_is_compiled")  # a whole worker is tested compiled


@pytest.mark.parametrize(
    "knobs",
    [
        {"network": "conv4x5-pool4-norm-dropout0.2", "optimizer": "nadam"},
        {"units": 16, "schedule": "cosine", "optimizer": "rmsprop"},
        {"units": 16, "schedule": "plateau", "patience": 1, "learning_rate": 0.05},
    ],
    ids=["norm and dropout", "cosine", "helpers"],
)
def test_a_resumed_run_goes_on_bit_for_bit(knobs, tiny_mnist):
    config = RunConfig(batch_size=64, epochs=5, **knobs)
    kept = []
    whole, _ = record(config, tiny_mnist, save_state=kept.append)
    resumed, events = record(config, tiny_mnist, resume=kept[1])
    assert of(Started, events)[0].from_epoch == 2
    assert all(
        np.array_equal(a, b) for a, b in zip(whole.model.get_weights(), resumed.model.get_weights(), strict=True)
    )
    assert whole.history["loss"] == resumed.history["loss"]
    assert whole.ended.best_epoch == resumed.ended.best_epoch
    assert of(EpochDone, events)[0].seconds > kept[1].history["seconds"][-1]


@pytest.mark.parametrize(
    "knobs",
    [
        {"network": "conv4x5-pool4-norm-dropout0.2", "optimizer": "nadam"},
        {"units": 16, "schedule": "cosine", "optimizer": "rmsprop"},
        {"units": 16, "schedule": "plateau", "patience": 1, "learning_rate": 0.05},
        {"units": 16, "dropout": 0.3, "augmentation": 0.5, "pen": 0.3, "styles": 0.5},
    ],
    ids=["norm and dropout", "cosine", "patience and plateau", "augmentation"],
)
@pytest.mark.parametrize("calls", [2, 12])
def test_a_run_that_was_stopped_in_the_middle_of_an_epoch_resumes_bit_for_bit(knobs, calls, tiny_mnist, short_calls):
    config = RunConfig(batch_size=64, epochs=4, **knobs)
    kept = []
    whole, undisturbed = record(config, tiny_mnist)
    stopped, before = record(config, tiny_mnist, control=Requests(stop_after=calls), save_state=kept.append)
    assert (stopped.ended.outcome, kept[-1].stopped, kept[-1].batch > 0) == (STOPPED, True, True)
    resumed, after = record(config, tiny_mnist, resume=kept[-1])
    assert_equal(whole, resumed)
    # The points of both parts are those of one run: none is missing and none is there twice.
    assert of(Started, after)[0].from_step == of(BatchDone, before)[-1].step < of(BatchDone, after)[0].step
    assert of(EpochDone, undisturbed)[-1].step == of(BatchDone, after)[-1].step
    assert of(BatchDone, after)[0].seconds > of(BatchDone, before)[-1].seconds


@pytest.mark.parametrize("schedule", ["constant", "exponential"])
@pytest.mark.parametrize("stop_after", [7, 10])  # in the middle of epoch 2, and just after it
def test_a_learning_rate_set_before_a_stop_is_still_used_after_the_resume(
    schedule, stop_after, tiny_mnist, short_calls
):
    config = SMALL.changed(schedule=schedule)
    kept = []
    whole, _ = record(config, tiny_mnist, control=Requests(rate_after=stop_after, rate=0.005))
    record(config, tiny_mnist, control=Requests(stop_after, rate_after=stop_after, rate=0.005), save_state=kept.append)
    resumed, _ = record(config, tiny_mnist, resume=kept[-1])
    assert_equal(whole, resumed)
    untouched, _ = record(config, tiny_mnist)
    assert whole.history["learning_rate"] != untouched.history["learning_rate"]


def test_a_run_can_be_stopped_again_and_again(tiny_mnist, short_calls):
    config = SMALL.changed(
        network="norm-dense16-dropout0.2", batch_size=70, epochs=2
    )  # a short batch, of a shape of its own
    whole, _ = record(config, tiny_mnist)
    state, result = None, None
    for _ in range(5):
        kept = []
        result, _ = record(config, tiny_mnist, resume=state, control=Requests(stop_after=3), save_state=kept.append)
        if result.ended.outcome != STOPPED:
            break
        state = kept[-1]
    assert result.ended.outcome == FINISHED
    assert_equal(whole, result)


def test_a_stopped_epoch_begins_again_on_a_data_set_of_another_size(tiny_mnist, short_calls):
    kept = []
    record(SMALL, tiny_mnist, control=Requests(stop_after=7), save_state=kept.append)
    assert (kept[-1].epoch, kept[-1].batch) == (1, 8)
    fewer = tiny_mnist._replace(train=tiny_mnist.train[:500])
    resumed, events = record(SMALL, fewer, resume=kept[-1])
    assert of(BatchDone, events)[0].step <= 8 + 4
    assert [event.step for event in of(EpochDone, events)] == [16, 24]
    assert resumed.ended.epochs == 3


def test_a_rate_set_by_hand_on_a_schedule_outlives_a_resume(tiny_mnist, short_calls):
    config = SMALL.changed(schedule="cosine", epochs=5)
    kept = []
    whole, _ = record(config, tiny_mnist, control=Requests(rate_after=5, rate=0.002), save_state=kept.append)
    resumed, _ = record(config, tiny_mnist, resume=kept[2])
    assert whole.history["learning_rate"] == resumed.history["learning_rate"]
    assert all(
        np.array_equal(a, b) for a, b in zip(whole.model.get_weights(), resumed.model.get_weights(), strict=True)
    )
    untouched, _ = record(config, tiny_mnist)
    assert whole.history["learning_rate"][-1] != untouched.history["learning_rate"][-1]

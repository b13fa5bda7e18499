"""Which seeds train in one call: on a GPU, as many as the operator allows, dense networks that have not begun."""

import pytest

from core.classroom.visitors import Visitor
from core.config.run_config import RunConfig
from core.errors import DeviceError
from core.jobs import packing, repeat, slots
from core.network.forecast import Forecast
from tests.small_run import wait_until
from tests.stand_in_gpus import installed
from tests.unit.jobs.stand_in import SHORT

ME = Visitor("a" * 12, "10.0.0.1")
SWEEP = "261129-120000-abcd"


@pytest.fixture
def four_in_a_call():
    with installed(1) as patch:
        patch.setenv("DIGIT_LAB_SEEDS_PER_CALL", "4")
        yield patch


@pytest.mark.parametrize(
    ("config", "seeds"),
    [
        (RunConfig(), 4),
        (RunConfig(network="dense32-norm-dropout0.2", schedule="cosine", patience=2), 4),
        (RunConfig(device="cpu"), 1),
        (RunConfig(network="conv4x5-pool4"), 1),
        (RunConfig(augmentation=0.5), 1),
        (RunConfig(schedule="plateau"), 1),
    ],
)
def test_dense_networks_on_a_gpu_share_a_call(four_in_a_call, store, config, seeds):
    assert packing.seeds_per_call(store.home, config) == seeds


def test_each_seed_trains_alone_until_the_operator_says_otherwise(store):
    with installed(1):
        assert packing.seeds_per_call(store.home, RunConfig()) == 1


def test_each_seed_trains_alone_on_a_processor_whatever_the_operator_says(store, monkeypatch):
    monkeypatch.setenv("DIGIT_LAB_SEEDS_PER_CALL", "4")
    run = store.create(SHORT, sweep=SWEEP, queued=True)
    store.create(SHORT.changed(seed=2), sweep=SWEEP, queued=True)
    assert packing.seeds_per_call(store.home, SHORT) == 1
    assert packing.runs_to_train(store, run, slots.CPU, without=()) == [run]


@pytest.mark.parametrize("text", ["0", "21", "four", "-2", "2.5", ""])
def test_a_wrong_number_is_refused_with_what_is_allowed(four_in_a_call, store, text):
    four_in_a_call.setenv("DIGIT_LAB_SEEDS_PER_CALL", text)
    with pytest.raises(DeviceError, match="DIGIT_LAB_SEEDS_PER_CALL must be a whole number from 1 to 20"):
        packing.seeds_per_call(store.home, RunConfig())


def test_waiting_seeds_come_along_in_their_order_and_others_stay(four_in_a_call, store):
    def waiting(seed, **changes):
        return store.create(SHORT.changed(seed=seed, **changes), sweep=SWEEP, queued=True)

    seeds = [waiting(seed) for seed in (5, 3, 1, 4, 2)]
    waiting(6, units=9)
    store.create(SHORT.changed(seed=7), queued=True)  # of no sweep
    found = packing.runs_to_train(store, seeds[0], "gpu:0", without={seeds[2].id})
    assert [run.config.seed for run in found] == [5, 2, 3, 4]
    assert packing.order(found) == " ".join(run.id for run in found)


def test_one_process_gets_all_seeds_at_once(four_in_a_call, jobs):
    runs = repeat.start(jobs, SHORT, 6, visitor=ME, expected=Forecast(1.0, 0, 0))
    wait_until(lambda: not jobs.store.active())
    assert {run.state for run in runs} == {"finished"}
    assert [run.started.together for run in runs] == [4, 4, 4, 4, 2, 2]
    processes = (jobs.store.home / "trained_by").read_text().split()
    assert len(processes) == 6
    assert len(set(processes)) == 2

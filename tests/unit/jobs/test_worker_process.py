"""The worker process: killed and resumed, or warmed up, it trains the same bits; an idle one ends."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest

from core.jobs import packing, slots
from core.jobs.kept_workers import THEN_WAIT
from core.runs.store import RunStore
from tests.conftest import ROOT
from tests.small_run import SMALL, train, wait_until, weights_of
from tests.stand_in_gpus import installed

pytestmark = pytest.mark.usefixtures("embedded_data")


def process(store: RunStore, order: str, *arguments: str) -> subprocess.Popen:
    """A real worker with something to do: a run's id, or a config to warm up."""
    environment = {key: value for key, value in os.environ.items() if key != "MNIST_PATH"}
    environment |= {"DIGIT_LAB_HOME": str(store.home), "KERAS_HOME": str(store.home)}
    worker = subprocess.Popen(
        [sys.executable, "-m", "core.jobs.worker", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=ROOT,
        env=environment,
    )
    send_line(worker, order)
    return worker


def send_line(worker: subprocess.Popen, order: str) -> None:
    worker.stdin.write(f"{order}\n".encode())
    worker.stdin.flush()


def exit_status(worker: subprocess.Popen, seconds: float = 60) -> int:
    """Waits for the end of a worker, and closes its pipes."""
    status = worker.wait(seconds)
    for pipe in (worker.stdin, worker.stdout, worker.stderr):
        pipe.close()
    return status


@pytest.mark.slow
@pytest.mark.parametrize(("end", "state"), [("kill", "interrupted"), ("terminate", "stopped")])
def test_a_run_ended_at_any_moment_and_resumed_ends_bit_for_bit_like_one_never_interrupted(store, end, state):
    # Dropout, distortions and Adam's moments all carry random state or memory from batch to batch.
    config = SMALL.changed(dropout=0.3, augmentation=0.3, epochs=5, schedule="cosine", train_images=1000)
    whole, _ = train(store, config)
    run = store.create(config, queued=True)
    worker = process(store, run.id)
    wait_until(lambda: len(run.epochs) >= 2)
    getattr(worker, end)()
    exit_status(worker)
    assert run.state == state
    from core.jobs.recorder import RunRecorder

    assert RunRecorder(store, run.id).run().outcome == "finished"
    expected, resumed = weights_of(whole), weights_of(run)
    assert list(expected) == list(resumed)
    for name in expected:
        np.testing.assert_array_equal(expected[name], resumed[name], err_msg=name)
    assert [done.loss for done in whole.epochs] == [done.loss for done in run.epochs]


@pytest.mark.slow
def test_a_warmed_up_run_trains_the_same_bits(store):
    config = SMALL.changed(dropout=0.2, schedule="cosine")
    plain, _ = train(store, config)
    run = store.create(config, queued=True)
    worker = process(store, json.dumps(config.changed(epochs=50).to_dict()))
    assert worker.stdout.readline().startswith(b"Ready for ")
    send_line(worker, run.id)
    assert exit_status(worker) == 0
    assert run.state == "finished"
    ours, theirs = weights_of(run), weights_of(plain)
    assert all(np.array_equal(ours[name], theirs[name]) for name in theirs)


@pytest.mark.slow
def test_a_worker_that_is_asked_to_wait_trains_another_seed_as_alone_and_ends(store):
    config = SMALL.changed(dropout=0.3, optimizer="rmsprop")
    runs = [store.create(config.changed(seed=seed), queued=True) for seed in (1, 2)]
    worker = process(store, f"{runs[0].id} {THEN_WAIT}")
    wait_until(lambda: runs[0].state == "finished")
    send_line(worker, runs[1].id)
    assert exit_status(worker) == 0
    assert "trained the run" not in runs[0].log_path.read_text()
    assert f"This process trained the run {runs[0].id} first." in runs[1].log_path.read_text()
    for run in runs:
        alone, _ = train(store, run.config)
        ours, theirs = weights_of(run), weights_of(alone)
        assert all(np.array_equal(ours[name], theirs[name]) for name in theirs)


@pytest.mark.slow
def test_a_worker_trains_several_seeds_in_one_call_and_each_log_says_where_the_messages_are(store):
    config = SMALL.changed(units=4, train_images=0, batch_size=1000, epochs=1)
    runs = [store.create(config.changed(seed=seed), queued=True) for seed in (1, 2)]
    worker = process(store, packing.order(runs))
    assert exit_status(worker, 120) == 0
    assert "Each trains for itself" not in runs[0].log_path.read_text()
    assert f"The log of the run {runs[0].id} has the messages." in runs[1].log_path.read_text()
    for run in runs:
        assert (run.state, run.started.together) == ("finished", 2)
        alone, _ = train(store, run.config)
        ours, theirs = weights_of(run), weights_of(alone)
        assert all(np.allclose(ours[name], theirs[name], atol=1e-4) for name in theirs)


@pytest.mark.slow
def test_a_worker_leaves_its_run_in_the_queue_if_keras_cannot_use_the_gpu_of_its_slot(store):
    run = store.create(SMALL, queued=True)
    with installed(2):  # the driver shows them, and TensorFlow finds none
        worker = process(store, run.id, slots.LEAVE_WITHOUT_GPU)
    assert exit_status(worker) == slots.NO_USABLE_GPU
    assert run.state == "waiting"


@pytest.mark.slow
def test_an_idle_worker_ends_with_its_dashboard(store):
    worker = process(store, json.dumps(SMALL.to_dict()))
    worker.stdin.close()
    assert worker.wait(60) == 0
    assert worker.stdout.read() == b"", "it warmed up for nobody"
    worker.stdout.close()
    worker.stderr.close()

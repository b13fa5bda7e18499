"""Several seeds of one config: their runs, the limits, and the worker process that trains one after another."""

import subprocess

import pytest

from core.classroom.settings import Settings
from core.classroom.visitors import Visitor
from core.config.recipes import RECIPES
from core.config.run_config import MAX_SEED, RunConfig
from core.errors import ConfigError, LimitError
from core.jobs import kept_workers, repeat
from core.jobs.admission import Rules
from core.jobs.scheduler import Scheduler
from core.jobs.sweep import SweepStore
from core.network.forecast import Forecast
from tests.no_place import NoPlace
from tests.small_run import wait_until
from tests.unit.jobs.stand_in import LONG, SHORT, STAND_IN

ME = Visitor("a" * 12, "10.0.0.1")


def start(jobs: Scheduler, config: RunConfig = SHORT, seeds: int = 3):
    return repeat.start(jobs, config, seeds, visitor=ME, expected=Forecast(1.0, 0, 0))


def processes(jobs: Scheduler) -> list[str]:
    """The process of each run that has ended, in their order."""
    path = jobs.store.home / "trained_by"
    return path.read_text().split() if path.exists() else []


def process_now(jobs: Scheduler) -> subprocess.Popen:
    """The process that trains."""
    (worker,) = jobs.place._assigned.values()
    return worker.process


def end_all(jobs: Scheduler) -> None:
    wait_until(lambda: not jobs.store.active())


def test_the_seeds_start_at_that_of_the_config_and_stay_in_range():
    assert [config.seed for config in repeat.configs_of(RunConfig(seed=7), 3)] == [7, 8, 9]
    assert [config.seed for config in repeat.configs_of(RunConfig(seed=MAX_SEED), 2)] == [MAX_SEED - 1, MAX_SEED]
    for seeds in (1, 21):
        with pytest.raises(ConfigError, match="2 to 20"):
            repeat.configs_of(RunConfig(), seeds)


def test_the_runs_are_a_sweep_in_which_only_the_seed_differs(store):
    jobs = Scheduler(store, NoPlace())
    runs = start(jobs, RECIPES["chollet"].config)
    jobs.close()
    (sweep,) = SweepStore(store).all()
    assert repeat.is_repeat(sweep)
    assert (sweep.title, sweep.starter, sweep.trials) == ("chollet · 3 seeds", ME.id, 3)
    assert [run.name for run in runs] == ["chollet · seed 1", "chollet · seed 2", "chollet · seed 3"]
    assert {(run.sweep, run.recipe, run.starter, run.forecast_seconds) for run in runs} == {
        (sweep.id, "chollet", ME.id, 1.0)
    }
    assert {run.config.changed(seed=1) for run in runs} == {RECIPES["chollet"].config}


def test_only_the_first_seed_on_each_device_expects_to_compile(store, monkeypatch):
    jobs, expected = Scheduler(store, NoPlace()), Forecast(10.0, 0, 0, compiling=3.0)
    for at_a_time, times in ((1, [10.0, 7.0, 7.0]), (2, [10.0, 10.0, 7.0])):
        monkeypatch.setattr(repeat, "runs_at_a_time", lambda home, device, number=at_a_time: number)
        runs = repeat.start(jobs, RECIPES["chollet"].config, 3, visitor=ME, expected=expected)
        assert [run.forecast_seconds for run in runs] == times
    jobs.close()


@pytest.mark.parametrize("settings", [{"waiting_per_visitor": 2}, {"sweeps": "nobody"}, {"parameters": 10}])
def test_a_limit_refuses_all_of_them_or_none(store, settings):
    rules = Rules(lambda: Settings(shared=True, chosen=settings), lambda: 60_000)
    jobs = Scheduler(store, NoPlace(), rules=rules)
    with pytest.raises(LimitError):
        start(jobs)
    jobs.close()
    assert not store.active()
    assert not SweepStore(store).all()


def test_one_process_trains_all_seeds(jobs):
    runs = start(jobs)
    end_all(jobs)
    assert {run.state for run in runs} == {"finished"}
    assert len(processes(jobs)) == 3
    assert len(set(processes(jobs))) == 1


@pytest.mark.slow
def test_the_process_ends_after_the_last_seed(jobs):
    start(jobs, seeds=2)
    wait_until(lambda: jobs.place._assigned)
    worker = process_now(jobs)
    end_all(jobs)
    assert worker.wait(10) is not None  # by itself, or killed because it took long to end


@pytest.mark.slow
def test_runs_of_other_knobs_or_other_sweeps_get_a_process_of_their_own(jobs):
    for units in (8, 16):
        start(jobs, SHORT.changed(units=units), seeds=2)
    end_all(jobs)
    first, second = processes(jobs)[:2], processes(jobs)[2:]
    assert len(set(first)) == len(set(second)) == 1
    assert first[0] != second[0]


def test_a_waiting_worker_that_does_not_fit_the_next_run_ends(store):
    kept, worker = kept_workers.KeptWorkers(store), subprocess.Popen(["cat"], stdin=subprocess.PIPE)
    run = store.create(SHORT, sweep="261128-120000-abcd")
    store.create(SHORT.changed(seed=2), sweep=run.sweep, queued=True)
    assert kept.order_for(run) == f"{run.id} {kept_workers.THEN_WAIT}"
    assert kept.keep_if_ended(run.id, run, worker, "cpu")
    assert kept.take(store.create(SHORT.changed(seed=2, units=9), sweep=run.sweep), "cpu") is None
    assert worker.poll() is not None
    assert not kept.are_any_idle


@pytest.mark.slow
def test_a_killed_process_loses_one_seed_and_the_others_train(jobs):
    runs = start(jobs, SHORT.changed(epochs=30), seeds=3)
    wait_until(lambda: len(runs[0].epochs) > 1)
    worker = process_now(jobs)
    worker.kill()
    wait_until(lambda: runs[0].state == "interrupted")
    jobs.resume(runs[0].id)
    end_all(jobs)
    assert {run.state for run in runs} == {"finished"}


@pytest.mark.slow
def test_a_stopped_seed_and_a_paused_one_keep_the_order(jobs):
    runs = start(jobs, LONG, seeds=2)
    wait_until(lambda: len(runs[0].epochs) > 1)
    jobs.pause(runs[0].id)
    wait_until(lambda: runs[0].state == "paused")
    assert runs[1].state == "waiting"  # a pause holds the others
    jobs.stop(runs[0].id)
    wait_until(lambda: runs[1].state == "running")
    assert runs[0].state == "stopped"
    jobs.stop(runs[1].id)
    end_all(jobs)
    assert len(set(processes(jobs))) == 1
    jobs.resume(runs[0].id)
    wait_until(lambda: runs[0].state == "running")


@pytest.mark.slow
def test_a_worker_whose_next_seed_was_cancelled_ends(jobs, monkeypatch):
    monkeypatch.setattr(kept_workers.KeptWorkers.end_idle, "__defaults__", (0.1,))
    runs = start(jobs, SHORT.changed(epochs=20), seeds=2)
    wait_until(lambda: len(runs[0].epochs) > 1)
    worker = process_now(jobs)
    jobs.stop(runs[1].id)
    end_all(jobs)
    assert worker.wait(10) is not None  # by itself, or killed because it took long to end


@pytest.mark.slow
def test_a_worker_that_waits_for_a_seed_ends_with_its_dashboard(store):
    jobs = Scheduler(store, spare=False, command=STAND_IN)
    runs = start(jobs, SHORT.changed(epochs=20), seeds=2)
    wait_until(lambda: len(runs[0].epochs) > 1)
    worker = process_now(jobs)
    jobs.close()
    assert worker.wait(10) == 0
    assert [run.state for run in runs] == ["finished", "waiting"]  # the next dashboard goes on
    later = Scheduler(store, spare=False, command=STAND_IN)
    wait_until(lambda: runs[1].state == "finished")
    later.close()

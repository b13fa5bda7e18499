"""A search whose runs learned from two data sets: the images that come with the program, then those of a download."""

import pytest

from core.jobs.optuna_search import Search
from core.jobs.search_study import SearchStudy
from core.runs.store import RunStore
from tests.unit.jobs.test_sweep import Pretender, seen_through, started

SMALL_SET, LARGE_SET = "a" * 16, "b" * 16


class TwoDataSets(Pretender):
    """Trains the first `early` runs with a small data set, where each seems better, and the others with a large one."""

    def __init__(self, store: RunStore, early: int) -> None:
        super().__init__(store)
        self.early = early

    def step(self, run) -> None:
        if run.id not in self.trained:
            data = SMALL_SET if len(self.trained) < self.early else LARGE_SET
            run = self.store.write(run.id, data={"fingerprint": data, "names": list("0123456789")})
        self.gain = 0.015 if run.data_fingerprint == SMALL_SET else 0.0
        super().step(run)


@pytest.fixture
def mixed(store):
    """A search of 5 runs that has ended; its first 2 runs learned from the small set."""
    sweep = started(store, trials=5, prune=False)
    return sweep, seen_through(store, sweep, TwoDataSets(store, early=2))


def test_runs_of_an_earlier_data_set_have_no_result_for_optuna(store, mixed):
    sweep, search = mixed
    trials = search.study.get_trials()
    assert [trial.state.name for trial in trials] == ["FAIL"] * 2 + ["COMPLETE"] * 3
    assert not any(trial.intermediate_values for trial in trials[:2])
    assert [trial.user_attrs["run"] for trial in trials] == [run.id for run in sweep.runs(store.runs())]
    best = max(run.ended.validation_accuracy for run in sweep.runs(store.runs()) if run.data_fingerprint == LARGE_SET)
    assert search.study.best_value == best
    assert sweep.findings["data"] == LARGE_SET


def test_the_shares_of_the_knobs_are_computed_again_from_runs_of_one_data_set(store):
    sweep = started(store, trials=9, prune=False)
    search = seen_through(store, sweep, TwoDataSets(store, early=7))
    assert sweep.findings["importance"] == {}  # two runs are too few
    assert len(search.study.get_trials()) == 9


def test_a_search_that_is_started_again_knows_which_runs_count(store, mixed):
    sweep, search = mixed
    again = Search(store, sweep)
    assert not again.advance()
    assert [trial.state for trial in again.study.get_trials()] == [trial.state for trial in search.study.get_trials()]


def test_a_deleted_run_of_an_earlier_data_set_does_not_count_either(store):
    sweep, trainer = started(store, trials=4, prune=False), TwoDataSets(store, early=1)
    search = Search(store, sweep)
    while len(search.study.get_trials()) < 2:
        search.advance()
        trainer.train()
    first = sweep.runs(store.runs())[0]
    store.delete(first.id)
    assert seen_through(store, sweep, trainer).study.get_trials()[0].state.name == "FAIL"


def test_a_run_that_still_trains_on_an_earlier_data_set_is_no_result_at_its_end(store):
    sweep, trainer = started(store, trials=2), TwoDataSets(store, early=1)
    search = Search(store, sweep, lambda: 2)
    search.advance()
    slow, quick = sweep.runs(store.runs())
    for _ in range(2):
        trainer.step(store.get(slow.id))
    search.advance()
    for _ in range(4):
        trainer.step(store.get(quick.id))
    search.advance()
    for _ in range(2):
        trainer.step(store.get(slow.id))
    assert not search.advance()
    assert [(trial.state.name, trial.value is None) for trial in search.study.get_trials()] == [
        ("FAIL", True),
        ("COMPLETE", False),
    ]


def test_a_search_killed_while_it_withdraws_results_loses_nothing(store, monkeypatch):
    sweep, trainer = started(store, trials=5, prune=False), TwoDataSets(store, early=2)
    search = Search(store, sweep)
    monkeypatch.setattr("core.jobs.search_study.os", None)
    with pytest.raises(AttributeError):
        _advance(search, trainer)
    monkeypatch.undo()
    assert len(SearchStudy(search._optuna, sweep).trials()) == 3
    states = [trial.state.name for trial in seen_through(store, sweep, trainer).study.get_trials()]
    assert states == ["FAIL"] * 2 + ["COMPLETE"] * 3


def _advance(search: Search, trainer: Pretender) -> None:
    while search.advance():
        trainer.train()

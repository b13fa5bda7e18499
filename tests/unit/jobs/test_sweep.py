"""Sweeps on disk, which knob mattered, and a search that can be killed at any moment."""

import time

import numpy as np
import pytest

from core.config.run_config import RunConfig
from core.errors import ConfigError, RunError
from core.evaluation.importance import RESIDUAL, has_residual_degrees_of_freedom, main_effects
from core.jobs.optuna_search import Search, search_base, validation_score
from core.jobs.sweep import GRID, SEARCH, SweepPlan, SweepStore
from core.jobs.sweep_axes import read_axis
from core.runs.control import ControlRequests
from core.runs.events import EpochDone, RunEnded, Started
from core.runs.store import Run, RunStore
from core.runs.timeline import EventFile


def test_a_sweep_is_read_back_as_it_was_written(tmp_path):
    sweeps = SweepStore(RunStore(tmp_path))
    made = sweeps.create(
        SweepPlan(GRID, RunConfig(seed=4), (read_axis("units", "64-256"),), trials=3), starter="somebody"
    )
    assert sweeps.all() == [made]
    sweeps.stop(made.id)
    assert sweeps.get(made.id).stopped
    sweeps.extend(made.id, 4)  # more runs continue it
    assert (sweeps.get(made.id).trials, sweeps.get(made.id).stopped) == (7, False)
    with pytest.raises(ConfigError, match="at most 200 runs"):
        sweeps.extend(made.id, 194)
    with pytest.raises(RunError, match="no such sweep"):
        sweeps.get("../runs")


def test_a_damaged_sweep_leaves_the_others_readable(tmp_path):
    sweeps = SweepStore(RunStore(tmp_path))
    bad = sweeps.create(SweepPlan(GRID, RunConfig(), (read_axis("units", "64-256"),)))
    good = sweeps.create(SweepPlan(GRID, RunConfig(), (read_axis("units", "64-256"),)))
    (bad.folder / "sweep.json").write_text('{"kind": "grid", "base": {"units": -4}}')
    assert [sweep.id for sweep in sweeps.all()] == [good.id]


# Which knob mattered


def test_shares_of_a_made_up_sweep_are_what_they_were_made_of():
    knobs = {"units": [64, 64, 128, 128], "seed": [1, 2, 1, 2]}
    # units moves the score by ±3, the seed by ±1, nothing else does: 9 to 1.
    shares = main_effects(knobs, [0.90 - 0.04, 0.90 - 0.02, 0.90 + 0.02, 0.90 + 0.04])
    assert shares == pytest.approx({"units": 0.9, "seed": 0.1, RESIDUAL: 0.0})


def test_shares_agree_with_a_least_squares_fit(rng: np.random.Generator):
    units, seed = (column.ravel() for column in np.meshgrid(np.arange(4), np.arange(5)))
    scores = rng.normal(size=20) + units
    shares = main_effects({"units": units.tolist(), "seed": seed.tolist()}, scores)
    for name, levels in (("units", units), ("seed", seed)):
        columns = np.eye(levels.max() + 1)[levels]  # the other road: R² of a regression on dummy variables
        fitted = columns @ np.linalg.lstsq(columns, scores, rcond=None)[0]
        assert shares[name] == pytest.approx(1 - ((scores - fitted) ** 2).sum() / ((scores - scores.mean()) ** 2).sum())
    assert sum(shares.values()) == pytest.approx(1.0)


def test_runs_that_do_not_differ_say_nothing():
    assert main_effects({"units": [64, 128]}, [0.97, 0.97]) == {}
    assert main_effects({"units": []}, []) == {}


# A search, with a trainer that only pretends


class Pretender:
    """Trains what waits, one epoch a call: the closer the learning rate is to 0.01, the better."""

    def __init__(self, store: RunStore) -> None:
        self.store = store
        self.trained: dict[str, int] = {}
        self.gain = 0.0  # a share that is added to each accuracy

    def train(self) -> None:
        for run in self.store.active():
            self.step(run)

    def step(self, run: Run) -> None:
        epoch = self.trained[run.id] = self.trained.get(run.id, 0) + 1
        best = 0.98 - 0.05 * abs(np.log10(run.config.learning_rate) + 2)
        file = EventFile(run.events_path)
        if epoch == 1:
            file.append(Started(time.time(), "CPU", 10, 100, 10, 4, run.config.epochs))
        accuracy = best - 0.1 / epoch + self.gain
        file.append(EpochDone(4 * epoch, epoch, epoch, 0.1, 0.9, 0.001, 0.1, accuracy))
        stopped = bool(ControlRequests(run).read().get("stop"))
        if stopped or epoch == run.config.epochs:
            outcome = "stopped" if stopped else "finished"
            file.append(RunEnded(outcome, "", 2.0, epochs=epoch, validation_accuracy=accuracy))
            (run.folder / "queued").unlink()
        file.close()


def started(store: RunStore, *, trials: int, prune: bool = True):
    base = search_base(RunConfig(epochs=4, validate_on="none"))
    return SweepStore(store).create(
        SweepPlan(SEARCH, base, (read_axis("learning_rate", "1e-5-1"),), trials=trials, prune=prune)
    )


def seen_through(store: RunStore, sweep, trainer: Pretender, looks: int = 300) -> Search:
    search = Search(store, sweep)
    for _ in range(looks):
        if not search.advance():
            return search
        trainer.train()
    raise AssertionError("the search never ended")


def test_a_search_trains_so_many_runs_and_stops_the_poor_ones_early(store: RunStore):
    sweep = started(store, trials=16)
    trainer = Pretender(store)
    search = seen_through(store, sweep, trainer)
    runs = sweep.runs(store.runs())
    assert len(runs) == 16
    assert all(run.config.validate_on == "held-out" for run in runs)
    pruned = [run for run in runs if run.id in sweep.findings["pruned"]]
    assert pruned
    assert all(len(run.epochs) < 4 and run.state == "stopped" for run in pruned)
    assert sweep.findings["ended"]
    assert sweep.findings["importance"] == {"learning_rate": pytest.approx(1.0)}
    # Optuna's best and the runs' own word, two roads to one number.
    whole = [run for run in runs if run.state == "finished"]
    assert search.study.best_value == max(validation_score(run) for run in whole)


def test_a_search_learns_where_the_good_knobs_are(store: RunStore):
    sweep = started(store, trials=24, prune=False)
    seen_through(store, sweep, Pretender(store))
    rates = [abs(np.log10(run.config.learning_rate) + 2) for run in sweep.runs(store.runs())]
    assert np.mean(rates[12:]) < 0.6 * np.mean(rates[:8])


def test_a_killed_search_continues(store: RunStore):
    sweep = started(store, trials=10, prune=False)
    trainer = Pretender(store)
    for _ in range(9):
        Search(store, sweep).advance()  # a new process at every look
        trainer.train()
    seen_through(store, sweep, trainer)
    runs = sweep.runs(store.runs())
    assert len(runs) == 10
    assert len({run.config for run in runs}) == 10


def test_a_search_killed_between_queueing_a_run_and_noting_it_loses_nothing(store: RunStore, monkeypatch):
    sweep = started(store, trials=3, prune=False)
    search = Search(store, sweep)
    monkeypatch.setattr("optuna.trial.Trial.set_user_attr", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        search.advance()
    monkeypatch.undo()
    search.advance()
    (trial,) = search.study.get_trials()
    assert trial.user_attrs["run"] == sweep.runs(store.runs())[0].id, "the trial knows its run"
    seen_through(store, sweep, Pretender(store))
    assert len(sweep.runs(store.runs())) == 3


def test_a_cancelled_search_starts_nothing_new(store: RunStore):
    sweep = started(store, trials=10)
    search = Search(store, sweep)
    search.advance()
    SweepStore(store).stop(sweep.id)
    ControlRequests(sweep.runs(store.runs())[0]).stop()
    Pretender(store).train()
    assert not search.advance()
    assert len(sweep.runs(store.runs())) == 1
    assert sweep.findings["ended"]


def test_runs_that_fail_or_are_deleted_do_not_hold_the_search_up(store: RunStore):
    sweep = started(store, trials=2, prune=False)
    search = Search(store, sweep)
    search.advance()
    run = sweep.runs(store.runs())[0]
    (run.folder / "queued").unlink()
    store.delete(run.id)
    search.advance()
    run = sweep.runs(store.runs())[0]
    file = EventFile(run.events_path)
    file.append(RunEnded("failed", "The loss is no longer a number.", 2.0, epochs=0))
    file.close()
    (run.folder / "queued").unlink()
    assert not search.advance()


def test_a_proposal_that_comes_again_is_trained_with_another_seed(store: RunStore):
    axes = [read_axis("units", "64, 128")]
    sweep = SweepStore(store).create(SweepPlan(SEARCH, search_base(RunConfig(epochs=1)), tuple(axes), trials=6))
    seen_through(store, sweep, Pretender(store))
    runs = sweep.runs(store.runs())
    assert len({run.config for run in runs}) == len(runs) == 6
    assert {run.config.units for run in runs} <= {64, 128}
    of_64 = sorted(run.config.seed for run in runs if run.config.units == 64)
    assert of_64 == list(range(1, len(of_64) + 1))


def test_a_run_that_ends_before_it_is_judged_counts_in_full(store: RunStore):
    # A small one trains all its epochs between two looks: it was asked to stop, and judged by its first epoch alone.
    class AtOnce(Pretender):
        def train(self) -> None:
            for run in self.store.active():
                for _ in range(run.config.epochs):
                    self.step(run)

    sweep = started(store, trials=12)
    seen_through(store, sweep, AtOnce(store))
    assert not any(ControlRequests(run).read().get("stop") for run in sweep.runs(store.runs()))
    assert (sweep.findings["pruned"], sweep.findings["judged_after"]) == ([], 4)


def test_luck_shows_only_where_runs_are_left_over():
    assert not has_residual_degrees_of_freedom({})
    assert not has_residual_degrees_of_freedom({"units": [16, 32, 64]})
    assert has_residual_degrees_of_freedom({"units": [16, 16, 64, 64], "seed": [1, 2, 1, 2]})
    assert not has_residual_degrees_of_freedom(
        {"units": [16, 16, 64], "seed": [1, 2, 1]}
    )  # three runs, two differences


@pytest.mark.parametrize("text", ["0.1-0.5 by 1e400", "0.1-0.5 by 1e-320", "1-2 by 1" + "0" * 400, "1," * 5000])
def test_an_endless_range_is_a_sentence(text):
    with pytest.raises(ConfigError):
        read_axis("dropout", text)

"""Bayesian search: Optuna proposes the knobs of the next run from the results of the runs before it."""

import contextlib
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from core.config.run_config import HELD_OUT, KNOB_TYPES, KNOBS, MAX_SEED, RunConfig
from core.errors import DigitLabError, RunError
from core.files import write_json
from core.jobs.search_importance import CHANCE_ACCURACY, Importances
from core.jobs.search_study import SearchStudy
from core.jobs.sweep import Sweep, SweepStore
from core.jobs.sweep_axes import Axis
from core.runs.control import ControlRequests
from core.runs.data_match import newest_data, same_data
from core.runs.events import FAILED, FINISHED
from core.runs.store import Run, RunStore


@dataclass
class Search:
    """One search. `advance` looks at its runs once; everything it must remember is on disk."""

    store: RunStore
    sweep: Sweep
    slots: Callable[[], int] = lambda: 1  # how many runs train at a time

    def __post_init__(self) -> None:
        import optuna

        optuna.logging.set_verbosity(optuna.logging.WARNING)
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        self._optuna = optuna
        self._trials = SearchStudy(optuna, self.sweep)
        # A search that is started again must not draw the same numbers as before.
        seed = self.sweep.base.seed + len(self._trials.trials())
        self.study.sampler = optuna.samplers.TPESampler(
            seed=seed, n_startup_trials=max(4, min(10, self.sweep.trials // 3)), constant_liar=self.slots() > 1
        )
        self._importances = Importances(optuna)
        self._data = ""  # fingerprint of the data set whose runs count; empty: unknown

    @property
    def study(self) -> Any:
        """Optuna's study."""
        return self._trials.study

    def advance(self) -> bool:
        """Reads the results of the runs and starts the next ones. False when the search has ended."""
        sweep = SweepStore(self.store).get(self.sweep.id)
        self._compare_one_data_set()
        open_trials = self._trials.trials("RUNNING")
        waiting = [trial for trial in open_trials if not self._update_trial(trial)]
        finished = len(self._trials.trials()) >= sweep.trials
        # On a cluster as many at a time as runs can train; their results come a little later to Optuna.
        while len(waiting) < self.slots() and not sweep.stopped and not finished:
            waiting.append(self._start_trial())
            finished = len(self._trials.trials()) >= sweep.trials
        has_more = bool(waiting) or not (sweep.stopped or finished)
        self._write_findings(ended=not has_more)
        return has_more

    def _compare_one_data_set(self) -> None:
        """Only runs of the newest data set count, as in other sweeps; the results of all others are withdrawn."""
        runs = {run.id: run for run in self.sweep.runs(self.store.runs())}
        self._data = newest_data(runs.values())

        def is_other(trial: Any) -> bool:
            run = runs.get(trial.user_attrs.get("run", ""))  # None: it was deleted
            return not same_data(run.data_fingerprint if run else trial.user_attrs.get("data", ""), self._data)

        if self._trials.withdraw_results(is_other):
            self._importances = Importances(self._optuna)

    def _start_trial(self) -> Any:
        """Gets the next knobs from Optuna and queues a run with them."""
        trial = self.study.ask()
        knobs = {axis.knob: _suggest(trial, axis) for axis in self.sweep.axes}
        try:
            config = self._with_new_seed(self.sweep.base.changed(**knobs))
        except DigitLabError:  # knobs that exclude each other: a trial without a run
            self.study.tell(trial, state=self._optuna.trial.TrialState.FAIL)
            return trial
        name = f"Trial {trial.number + 1} of {self.sweep.trials}"
        run = self.store.create(config, queued=True, name=name, starter=self.sweep.starter, sweep=self.sweep.id)
        trial.set_user_attr("run", run.id)
        return trial

    def _with_new_seed(self, config: RunConfig) -> RunConfig:
        """`config` with the next seed that this search has not used with it: the same seed gives the same curve.

        Optuna proposes some knobs more than once, mostly where there are few values.
        """
        if any(axis.knob == "seed" for axis in self.sweep.axes):
            return config
        trained = {run.config for run in self.sweep.runs(self.store.runs())}
        while config in trained:
            config = config.changed(seed=(config.seed + 1) % MAX_SEED)
        return config

    def _update_trial(self, frozen: Any) -> bool:
        """Reports the epochs of a trial's run to Optuna; True when the run has ended and the trial is closed."""
        trial = self._optuna.trial.Trial(self.study, frozen._trial_id)
        run = self._run_of(trial, frozen)
        if run is None:
            self.study.tell(trial, state=self._optuna.trial.TrialState.FAIL)
            return True
        active = run.active  # read before the epochs, so that the last epoch is not missed
        counts = same_data(run.data_fingerprint, self._data)
        if counts:
            self._report(trial, frozen, run, prune=self.sweep.prune and active)
        if not active:
            trial.set_user_attr("data", run.data_fingerprint)
            self._close(trial, run if counts else None)
        return not active

    def _run_of(self, trial: Any, frozen: Any) -> Run | None:
        """The run of a trial. Where the search was killed before it saved the run's id, found by the run's name."""
        with contextlib.suppress(RunError):
            if known := frozen.user_attrs.get("run"):
                return self.store.get(known)
            name = f"Trial {frozen.number + 1} of {self.sweep.trials}"
            found = next((run for run in self.sweep.runs(self.store.runs()) if run.name == name), None)
            if found:
                trial.set_user_attr("run", found.id)
            return found
        return None

    def _report(self, trial: Any, frozen: Any, run: Run, *, prune: bool) -> None:
        """Reports each new epoch to Optuna, and stops a run that is worse than most others at the same epoch."""
        for epoch in run.epochs:
            if epoch.epoch in frozen.intermediate_values or epoch.validation_accuracy is None:
                continue
            trial.report(epoch.validation_accuracy, epoch.epoch)
            last = epoch.epoch >= run.config.epochs
            if prune and not last and not frozen.user_attrs.get("pruned") and trial.should_prune():
                trial.set_user_attr("pruned", True)
                ControlRequests(run).stop()
                return

    def _close(self, trial: Any, run: Run | None) -> None:
        """run: None if its result does not count."""
        states = self._optuna.trial.TrialState
        ended, score = (run.ended, validation_score(run)) if run else (None, None)
        if ended and ended.outcome == FINISHED and score is not None:
            self.study.tell(trial, score)
        elif ended and ended.outcome == FAILED:
            self.study.tell(trial, CHANCE_ACCURACY)
        elif score is not None:
            self.study.tell(trial, state=states.PRUNED)
        else:
            self.study.tell(trial, state=states.FAIL)

    def _write_findings(self, *, ended: bool) -> None:
        """Saves what the dashboard shows of the search."""
        # A run whose result was withdrawn has failed in the eyes of Optuna.
        pruned = [trial.user_attrs["run"] for trial in self._trials.trials("PRUNED", "FAIL")
                  if trial.user_attrs.get("pruned")]  # fmt: skip
        epoch, shares = self._importances.update(self.study, ended=ended)
        findings = {"pruned": pruned, "importance": shares, "judged_after": epoch, "ended": ended, "data": self._data}
        if findings != self.sweep.findings:
            write_json(self.sweep.folder / "told.json", findings)


def validation_score(run: Run) -> float | None:
    """The figure to choose runs by: validation accuracy at the end, never test accuracy."""
    ended = run.ended
    if ended and ended.validation_accuracy is not None:
        return ended.validation_accuracy
    scores = [epoch.validation_accuracy for epoch in run.epochs if epoch.validation_accuracy is not None]
    return scores[-1] if scores else None


def search_base(base: RunConfig) -> RunConfig:
    """The config that a search varies: it always uses held-out images, also where the recipe does not."""
    return base.changed(validate_on=HELD_OUT)


def _suggest(trial: Any, axis: Axis) -> Any:
    if axis.bounds is None:
        return trial.suggest_categorical(axis.knob, list(axis.values))
    low, high = axis.bounds
    log = KNOBS[axis.knob].log and low > 0
    if KNOB_TYPES[axis.knob] is int:
        return trial.suggest_int(axis.knob, int(low), int(high), log=log)
    return float(f"{trial.suggest_float(axis.knob, low, high, log=log):.3g}")

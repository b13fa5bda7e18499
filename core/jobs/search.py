"""Bayesian search: Optuna proposes the knobs of the next run from what the runs before it came to.

`python -m core.jobs.search SWEEP` is a process of its own. It only looks at folders: it queues runs, reads their
epochs, asks poor ones to stop and keeps all it knows in the sweep's folder, so that it can be killed and started again,
with the dashboard or without. Optuna and its 150 MB stay out of the dashboard.
"""

import contextlib
import os
import subprocess
import sys
import time
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.config.run_config import KNOB_TYPES, KNOBS, MAX_SEED, RunConfig
from core.errors import DigitLabError, RunError
from core.files import Lock, write_json
from core.jobs.sweep import SEARCH, Axis, Sweep, SweepStore
from core.runs.control import ControlRequests
from core.runs.events import FAILED, FINISHED
from core.runs.store import Run, RunStore

POLL_SECONDS = 0.5
CHANCE_ACCURACY = 0.1  # what a run that failed counts as: ten digits, one of them right by chance
TRIALS_BEFORE_PRUNING = 4  # runs that are trained whole before any is stopped early
MIN_TRIALS_FOR_IMPORTANCE = 6  # runs, below which nobody can say which knob mattered
NEW_TRIAL_SHARE = 0.5  # of the runs must be new before that is found out anew: it takes a second
IDLE_SECONDS = 30 * 60  # without any dashboard to train what waits, the search goes home; opening one calls it back
_ROOT = Path(__file__).parents[2]
_started: list[subprocess.Popen[bytes]] = []  # kept, so that Python does not warn of a child it has lost sight of


def start(store: RunStore, sweep: Sweep) -> None:
    """Starts the search's process, unless it is at work already."""
    if Lock(sweep.folder / "lock").holder() is not None:
        return
    environment = {**os.environ, "DIGIT_LAB_HOME": str(store.home)}
    with (sweep.folder / "search.log").open("ab") as log:
        command = [sys.executable, "-m", "core.jobs.search", sweep.id]
        process = subprocess.Popen(
            command,
            cwd=_ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    _started[:] = [child for child in _started if child.poll() is None] + [process]


def is_unfinished(sweep: Sweep) -> bool:
    """Whether a search has something left to do: runs to begin, or a stopped one's last word to hear."""
    return sweep.kind == SEARCH and not sweep.findings.get("ended")


def resume_unfinished(store: RunStore) -> bool:
    """Goes on with every search that was left unfinished, by a restart or a kill; whether there was one."""
    left = [sweep for sweep in SweepStore(store).all() if is_unfinished(sweep)]
    for sweep in left:
        start(store, sweep)
    return bool(left)


@dataclass
class Search:
    """One search. `advance` is one look at its runs; everything it must remember is on the disk."""

    store: RunStore
    sweep: Sweep

    def __post_init__(self) -> None:
        import optuna
        from optuna.storages import JournalStorage
        from optuna.storages.journal import JournalFileBackend

        optuna.logging.set_verbosity(optuna.logging.WARNING)
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        self._optuna = optuna
        storage = JournalStorage(JournalFileBackend(str(self.sweep.folder / "study.log")))
        self.study: Any = optuna.create_study(
            storage=storage,
            study_name=self.sweep.id,
            direction="maximize",
            load_if_exists=True,
            pruner=optuna.pruners.MedianPruner(n_startup_trials=TRIALS_BEFORE_PRUNING, n_warmup_steps=1),
        )
        # Begun again, it must not draw the numbers it has drawn before.
        seed = self.sweep.base.seed + len(self.study.get_trials(deepcopy=False))
        self.study.sampler = optuna.samplers.TPESampler(
            seed=seed, n_startup_trials=max(4, min(10, self.sweep.trials // 3))
        )
        self._trials_used, self._importance = 0, (0, dict[str, float]())

    def advance(self) -> bool:
        """Hears what the runs came to and begins the next one. False when there is nothing left to do."""
        sweep = SweepStore(self.store).get(self.sweep.id)
        open_trials = self._running_trials()
        waiting = [trial for trial in open_trials if not self._update_trial(trial)]
        finished = len(self.study.get_trials(deepcopy=False)) >= sweep.trials
        if not waiting and not sweep.stopped and not finished:
            waiting = [self._start_trial()]
        has_more = bool(waiting) or not (sweep.stopped or finished)
        self._write_findings(ended=not has_more)
        return has_more

    def _running_trials(self) -> list[Any]:
        running = (self._optuna.trial.TrialState.RUNNING,)
        return self.study.get_trials(deepcopy=False, states=running)

    def _start_trial(self) -> Any:
        """Asks for the next knobs and queues a run with them."""
        trial = self.study.ask()
        knobs = {axis.knob: _suggest(trial, axis) for axis in self.sweep.axes}
        try:
            config = self._with_new_seed(self.sweep.base.changed(**knobs))
        except DigitLabError:  # knobs that do not go together: a trial without a run
            self.study.tell(trial, state=self._optuna.trial.TrialState.FAIL)
            return trial
        name = f"Trial {trial.number + 1} of {self.sweep.trials}"
        run = self.store.create(config, queued=True, name=name, starter=self.sweep.starter, sweep=self.sweep.id)
        trial.set_user_attr("run", run.id)
        return trial

    def _with_new_seed(self, config: RunConfig) -> RunConfig:
        """`config` with the next seed that this search has not trained it with: the same one gives the same curve.

        Optuna proposes some knobs more than once, above all where there are few to choose from.
        """
        if any(axis.knob == "seed" for axis in self.sweep.axes):
            return config
        trained = {run.config for run in self.sweep.runs(self.store.runs())}
        while config in trained:
            config = config.changed(seed=(config.seed + 1) % MAX_SEED)
        return config

    def _update_trial(self, frozen: Any) -> bool:
        """Takes in the epochs of a trial's run; True when the run is over, and Optuna has been told."""
        trial = self._optuna.trial.Trial(self.study, frozen._trial_id)
        run = self._run_of(trial, frozen)
        if run is None:
            self.study.tell(trial, state=self._optuna.trial.TrialState.FAIL)
            return True
        active = run.active  # asked before the epochs are read, so that the last of them is not missed
        self._report(trial, frozen, run, prune=self.sweep.prune and active)  # what is over is not stopped any more
        if not active:
            self._close(trial, run)
        return not active

    def _run_of(self, trial: Any, frozen: Any) -> Run | None:
        """The run of a trial; found by its name where the search was killed before it could note it."""
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
        """Tells Optuna of each new epoch, and stops a run that does poorly beside the others at the same epoch."""
        for epoch in run.epochs:
            if epoch.epoch in frozen.intermediate_values or epoch.validation_accuracy is None:
                continue
            trial.report(epoch.validation_accuracy, epoch.epoch)
            last = epoch.epoch >= run.config.epochs
            if prune and not last and not frozen.user_attrs.get("pruned") and trial.should_prune():
                trial.set_user_attr("pruned", True)
                ControlRequests(run).stop()
                return

    def _close(self, trial: Any, run: Run) -> None:
        states = self._optuna.trial.TrialState
        ended, score = run.ended, validation_score(run)
        if ended and ended.outcome == FINISHED and score is not None:
            self.study.tell(trial, score)
        elif ended and ended.outcome == FAILED:
            self.study.tell(trial, CHANCE_ACCURACY)
        elif score is not None:
            self.study.tell(trial, state=states.PRUNED)
        else:
            self.study.tell(trial, state=states.FAIL)

    def _write_findings(self, *, ended: bool) -> None:
        """Writes down what the dashboard shows of the search."""
        over = self.study.get_trials(deepcopy=False, states=(self._optuna.trial.TrialState.PRUNED,))
        pruned = [trial.user_attrs["run"] for trial in over if trial.user_attrs.get("pruned")]
        epoch, shares = self._importances(NEW_TRIAL_SHARE if not ended else 0.0)
        findings = {"pruned": pruned, "importance": shares, "judged_after": epoch, "ended": ended}
        if findings != self.sweep.findings:
            write_json(self.sweep.folder / "told.json", findings)

    def _importances(self, more: float) -> tuple[int, dict[str, float]]:
        """How much of the differences each knob explains, by fANOVA, and the epoch after which runs are judged for it.

        Found anew once there are so many `more` runs, as a share. Those that were stopped early tell most about the
        knobs: all are judged after the last epoch they share.
        """
        states = self._optuna.trial.TrialState
        over = self.study.get_trials(deepcopy=False, states=(states.COMPLETE, states.PRUNED))
        trials = [trial for trial in over if trial.intermediate_values]
        if len(trials) >= MIN_TRIALS_FOR_IMPORTANCE and len(trials) > self._trials_used * (1 + more):
            self._trials_used = len(trials)
            shared = min(max(trial.intermediate_values) for trial in trials)
            study = self._optuna.create_study(direction="maximize")
            for trial in trials:
                scored = {"params": trial.params, "distributions": trial.distributions}
                study.add_trial(
                    self._optuna.trial.create_trial(
                        value=trial.intermediate_values.get(shared, CHANCE_ACCURACY), **scored
                    )
                )
            evaluator = self._optuna.importance.FanovaImportanceEvaluator(n_trees=32, seed=0)
            with contextlib.suppress(ValueError, RuntimeError):  # runs that are all equally good
                shares = self._optuna.importance.get_param_importances(study, evaluator=evaluator)
                self._importance = shared, {name: float(share) for name, share in shares.items()}
        return self._importance


def validation_score(run: Run) -> float | None:
    """How good a run is, for choosing among runs: its validation accuracy at the end, never the test set's."""
    ended = run.ended
    if ended and ended.validation_accuracy is not None:
        return ended.validation_accuracy
    scores = [epoch.validation_accuracy for epoch in run.epochs if epoch.validation_accuracy is not None]
    return scores[-1] if scores else None


def search_base(base: RunConfig) -> RunConfig:
    """The config a search varies: it chooses by held-out images, whatever the recipe validates on."""
    return base.changed(validate_on="held-out")


def _suggest(trial: Any, axis: Axis) -> Any:
    if axis.bounds is None:
        return trial.suggest_categorical(axis.knob, list(axis.values))
    low, high = axis.bounds
    log = KNOBS[axis.knob].log and low > 0
    if KNOB_TYPES[axis.knob] is int:
        return trial.suggest_int(axis.knob, int(low), int(high), log=log)
    return float(f"{trial.suggest_float(axis.knob, low, high, log=log):.3g}")


def main(sweep_id: str) -> int:
    """Sees a search through; returns 1 where another process does."""
    store = RunStore()
    sweep = SweepStore(store).get(sweep_id)
    lock = Lock(sweep.folder / "lock")
    if not lock.acquire({"pid": os.getpid()}):
        return 1
    search = Search(store, sweep)
    last_change, seen = time.monotonic(), (0, 0)
    while search.advance():
        now = len(sweep.runs(store.runs())), sum(run.step for run in store.active())
        last_change, seen = (time.monotonic(), now) if now != seen else (last_change, seen)
        if time.monotonic() - last_change > IDLE_SECONDS:
            break
        time.sleep(POLL_SECONDS)
    lock.release()
    return 0


if __name__ == "__main__":
    with contextlib.suppress(OSError):
        os.nice(10)  # a training run comes first
    sys.exit(main(sys.argv[1]))

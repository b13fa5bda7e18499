"""The trials of a search on disk, in Optuna's format: study.log in the folder of its sweep.

People start a search before the download of MNIST has ended, or change their data. The results of the runs before and
after that cannot be compared. So the file is then written again, and runs of another data set have no result in it.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from core.jobs.sweep import Sweep

TRIALS_BEFORE_PRUNING = 4  # complete runs before the first run is stopped early
_FILE, _NEXT = "study.log", "study-next.log"


class SearchStudy:
    """Optuna's study of one search: `study` is the present one."""

    def __init__(self, optuna: Any, sweep: Sweep) -> None:
        self._optuna, self._sweep = optuna, sweep
        self.study = self._open(sweep.folder / _FILE)

    def trials(self, *states: str) -> list[Any]:
        """The trials in these states, such as "RUNNING"; without states all of them."""
        wanted = tuple(self._optuna.trial.TrialState[name] for name in states) or None
        found: list[Any] = self.study.get_trials(deepcopy=False, states=wanted)
        return found

    def withdraw_results(self, is_other: Callable[[Any], bool]) -> bool:
        """Takes the results of those trials away for which `is_other`; whether there were any.

        Optuna cannot change a closed trial. The new file replaces the old one in one step, so a killed search loses
        nothing.
        """
        if not any(is_other(trial) for trial in self.trials() if _has_result(trial)):
            return False
        path = self._sweep.folder / _NEXT
        path.unlink(missing_ok=True)  # of a search that was killed here
        copy = self._open(path)
        for trial in self.study.get_trials(deepcopy=True):
            if _has_result(trial) and is_other(trial):
                trial.values, trial.intermediate_values = None, {}
                if trial.state.is_finished():
                    trial.state = self._optuna.trial.TrialState.FAIL
            copy.add_trial(trial)
        os.replace(path, self._sweep.folder / _FILE)
        sampler = self.study.sampler
        self.study = self._open(self._sweep.folder / _FILE)
        self.study.sampler = sampler
        return True

    def _open(self, path: Path) -> Any:
        from optuna.storages import JournalStorage
        from optuna.storages.journal import JournalFileBackend

        return self._optuna.create_study(
            storage=JournalStorage(JournalFileBackend(str(path))),
            study_name=self._sweep.id,
            direction="maximize",
            load_if_exists=True,
            pruner=self._optuna.pruners.MedianPruner(n_startup_trials=TRIALS_BEFORE_PRUNING, n_warmup_steps=1),
        )


def _has_result(trial: Any) -> bool:
    return trial.values is not None or bool(trial.intermediate_values)

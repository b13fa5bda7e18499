"""Which knob mattered in a search: fANOVA, as Optuna computes it."""

import contextlib
from typing import Any

CHANCE_ACCURACY = 0.1  # the score of a run that failed: a guess among ten digits
MIN_TRIALS = 6  # with fewer runs no share can be computed
NEW_TRIAL_SHARE = 0.5  # this share of the runs must be new before the shares are computed again: it takes a second


class Importances:
    """The share of the differences that each knob explains, computed again when enough runs are new."""

    def __init__(self, optuna: Any) -> None:
        self._optuna = optuna
        self._trials_used = 0
        self._found: tuple[int, dict[str, float]] = (0, {})

    def update(self, study: Any, *, ended: bool) -> tuple[int, dict[str, float]]:
        """The epoch after which the runs are compared, and the share of each knob.

        Runs that were stopped early say most about the knobs. So all runs are compared after the last epoch that all
        of them reached.
        """
        states = self._optuna.trial.TrialState
        closed = study.get_trials(deepcopy=False, states=(states.COMPLETE, states.PRUNED))
        trials = [trial for trial in closed if trial.intermediate_values]
        growth = 1.0 if ended else 1 + NEW_TRIAL_SHARE
        if len(trials) >= MIN_TRIALS and len(trials) > self._trials_used * growth:
            self._trials_used = len(trials)
            shared = min(max(trial.intermediate_values) for trial in trials)
            with contextlib.suppress(ValueError, RuntimeError):  # all runs are equally good
                self._found = shared, self._shares(trials, shared)
        return self._found

    def _shares(self, trials: list[Any], epoch: int) -> dict[str, float]:
        study = self._optuna.create_study(direction="maximize")
        for trial in trials:
            score = trial.intermediate_values.get(epoch, CHANCE_ACCURACY)
            study.add_trial(
                self._optuna.trial.create_trial(value=score, params=trial.params, distributions=trial.distributions)
            )
        evaluator = self._optuna.importance.FanovaImportanceEvaluator(n_trees=32, seed=0)
        shares = self._optuna.importance.get_param_importances(study, evaluator=evaluator)
        return {name: float(share) for name, share in shares.items()}

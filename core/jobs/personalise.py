"""A process of its own trains a copy of a network on a visitor's digits; Keras and its 500 MB end with it.

`python -m core.jobs.personalise VISITOR RUN EPOCH` is that process; EPOCH 0 is the network as it is now. It writes its
progress and its result beside the visitor's digits (`SubprocessTask`); the trained copy is a run like any other.
"""

import signal
import sys
import time
from dataclasses import asdict, replace
from typing import Any, NamedTuple

from core import process_settings
from core.data import mnist
from core.drawing.personal_digits import FinetuneResult, PersonalDigits
from core.errors import DrawingError
from core.network.graph_network import network_of
from core.runs.store import RunStore
from core.subprocess_task import Progress, ReportProgress, SubprocessTask, one_at_a_time
from core.training.keras_import import import_keras

_IMPORTED_SHARE, _TRAINED_SHARE = 0.35, 0.9  # of the whole time, about


class PersonaliseResult(NamedTuple):
    """The accuracies, and which run was copied and created."""

    gain: FinetuneResult
    title: str  # of the network that was copied
    run_id: str  # of the copy


class Personalisation:
    """The last training of a copy on one visitor's digits."""

    def __init__(self, visitor: str, store: RunStore) -> None:
        self.visitor, self.store = visitor, store
        self.personal = PersonalDigits(visitor, store.home)
        self.task = SubprocessTask(self.personal.folder / "teaching")

    def start(self, run_id: str, epoch: int | None = None) -> None:
        """Starts to train a copy of the run as it is, or was after `epoch`. Raises `DrawingError` without a digit."""
        if not self.personal.all():
            raise DrawingError("There are no digits to train on. Draw some, label them and save them first.")
        home = {"DIGIT_LAB_HOME": str(self.store.home)}
        self.task.start(
            "core.jobs.personalise", self.visitor, run_id, str(epoch or 0), **process_settings.CPU_ONLY, **home
        )

    def progress(self) -> Progress:
        return self.task.progress()

    def stop(self) -> None:
        """Stops it; nothing is saved."""
        self.task.stop()

    def result(self) -> PersonaliseResult | None:
        """The result of the last training; None if there was none, or the next one is running."""
        saved = self.task.result()
        if saved is None:
            return None
        shares: dict[str, Any] = {name: tuple(saved["gain"][name]) for name in ("mine", "others")}
        if newest := saved["gain"].get("newest"):  # results of earlier versions have none
            shares["newest"] = tuple(newest)
        return PersonaliseResult(FinetuneResult(**{**saved["gain"], **shares}), saved["title"], saved["run_id"])

    def train_copy(self, run_id: str, epoch: int | None, report: ReportProgress) -> dict[str, Any]:
        """Trains in this process; returns `PersonaliseResult` as JSON."""
        began = time.monotonic()
        lock = self.personal.shared / "teaching.lock"
        with one_at_a_time(lock, report, "Another visitor's training is running; yours is next …"):  # thirty take 15 GB
            report(0.02, "Loading Keras …")
            import_keras()
            from core.training import finetune, finetuned_run

            report(_IMPORTED_SHARE, "Measuring the accuracy before …")
            run, data, own_digits = self.store.get(run_id), mnist.load(), self.personal.digits()
            split, others = finetune.choose_test_digits(run, data)
            digits = finetune.FinetuneDigits(own_digits, data.train, others, split)

            def progress(share: float) -> None:
                report(
                    _IMPORTED_SHARE + share * (_TRAINED_SHARE - _IMPORTED_SHARE),
                    "Training on your digits and on old ones …",
                )

            progress(0.05)
            network = network_of(run, epoch or (None if run.has_model else max(run.checkpoint_epochs, default=None)))
            model, gain = finetune.train_copy(network, digits, progress=progress)
            signal.signal(signal.SIGTERM, signal.SIG_IGN)  # from here on the copy is saved completely
            gain = replace(gain, seconds=time.monotonic() - began)
            copy_run = finetuned_run.save_copy(self.store, run, model, gain, len(own_digits), starter=self.visitor)
        return {"gain": asdict(gain), "title": run.title, "run_id": copy_run.id}


def execute(visitor: str, run_id: str, epoch: str) -> int:
    """Trains in this process: 0, or 1 if another process does it already."""
    teaching = Personalisation(visitor, RunStore())
    return teaching.task.execute(lambda report: teaching.train_copy(run_id, int(epoch) or None, report))


if __name__ == "__main__":
    process_settings.lower_priority(process_settings.KERAS_NICE)
    process_settings.apply()
    sys.exit(execute(*sys.argv[1:4]))

"""A copy of a network is taught a visitor's hand in a process of its own, which takes its 500 MB of Keras along.

`python -m core.jobs.personalise VISITOR RUN EPOCH` is that process; EPOCH 0 is the network as it is now. Beside
the hand it says how far it is and what was gained (`background`); the copy that was taught is a run like any other.
"""

import contextlib
import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from typing import Any, NamedTuple

from core import process_settings
from core.data import mnist
from core.drawing.personal_digits import FinetuneResult, PersonalDigits
from core.errors import DrawingError
from core.files import Lock
from core.network.numpy_network import Reader
from core.runs.store import RunStore
from core.subprocess_task import Progress, ReportProgress, SubprocessTask
from core.training.keras_import import import_keras

# On the processor: it takes seconds there, and a run that has the GPU has all of its memory.
_ON_PROCESSOR = {"CUDA_VISIBLE_DEVICES": "-1", "JAX_PLATFORMS": "cpu", "TF_CPP_MIN_LOG_LEVEL": "3"}
_NICE = 5  # as runs are: the pages go first
_IMPORTED_SHARE, _TRAINED_SHARE = 0.35, 0.9  # of the whole time, about


class PersonaliseResult(NamedTuple):
    """What came of it."""

    gain: FinetuneResult
    title: str  # of the network that was copied
    run_id: str  # of the copy


class Personalisation:
    """The last teaching of one visitor's hand."""

    def __init__(self, visitor: str, store: RunStore) -> None:
        self.visitor, self.store = visitor, store
        self.hand = PersonalDigits(visitor, store.home)
        self.background = SubprocessTask(self.hand.folder / "teaching")

    def start(self, run_id: str, epoch: int | None = None) -> None:
        """Begins to teach a copy of the run as it is, or was after `epoch`. Raises `DrawingError` without a digit."""
        if not self.hand.all():
            raise DrawingError("There is no digit of your hand to teach. Draw some, and say what they are.")
        home = {"DIGIT_LAB_HOME": str(self.store.home)}
        self.background.start("core.jobs.personalise", self.visitor, run_id, str(epoch or 0), **_ON_PROCESSOR, **home)

    def progress(self) -> Progress:
        return self.background.progress()

    def stop(self) -> None:
        """Ends it; nothing is kept."""
        self.background.stop()

    def result(self) -> PersonaliseResult | None:
        """What the last teaching gained; None before there was one, or while the next is under way."""
        saved = self.background.result()
        if saved is None:
            return None
        shares: dict[str, Any] = {name: tuple(saved["gain"][name]) for name in ("mine", "others")}
        return PersonaliseResult(FinetuneResult(**{**saved["gain"], **shares}), saved["title"], saved["run_id"])

    def train_copy(self, run_id: str, epoch: int | None, report: ReportProgress) -> dict[str, Any]:
        """Does it, in this process: `PersonaliseResult` as JSON."""
        began = time.monotonic()
        with self._exclusive(report):
            report(0.02, "Waking Keras, which teaches …")
            import_keras()
            from core.training import finetune

            report(_IMPORTED_SHARE, "Asking the network as it is …")
            run, data, mine = self.store.get(run_id), mnist.load(), self.hand.digits()
            split, others = finetune.choose_test_digits(run, data)

            def progress(share: float) -> None:
                report(
                    _IMPORTED_SHARE + share * (_TRAINED_SHARE - _IMPORTED_SHARE),
                    "Learning your hand, and going over the old digits …",
                )

            progress(0.05)
            network = Reader.of(run, epoch or (None if run.has_model else max(run.kept_epochs, default=None)))
            model, gain = finetune.train_copy(network, mine, data.train, others, split=split, progress=progress)
            signal.signal(signal.SIGTERM, signal.SIG_IGN)  # what was learnt is kept whole
            gain = replace(gain, seconds=time.monotonic() - began)
            taught = finetune.save_copy(self.store, run, model, gain, len(mine), starter=self.visitor)
        return {"gain": asdict(gain), "title": run.title, "run_id": taught.id}

    @contextmanager
    def _exclusive(self, report: ReportProgress) -> Iterator[None]:
        """One hand at a time on a machine: thirty pupils' at once would take 15 GB."""
        lock = Lock(self.hand.shared / "teaching.lock")
        while not lock.acquire({"visitor": self.visitor}, timeout=0.3):
            report(0.0, "Somebody else's hand is being learned; yours comes next …")
        try:
            yield
        finally:
            lock.release()


def execute(visitor: str, run_id: str, epoch: str) -> int:
    """Teaches in this process: 0, or 1 where it is under way in another."""
    teaching = Personalisation(visitor, RunStore())
    return teaching.background.execute(lambda report: teaching.train_copy(run_id, int(epoch) or None, report))


if __name__ == "__main__":
    with contextlib.suppress(OSError):
        os.nice(_NICE)
    process_settings.apply()
    sys.exit(execute(*sys.argv[1:4]))

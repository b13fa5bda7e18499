"""Cancels a sweep: Compare and Train offer it."""

import shutil

from core.errors import DigitLabError
from core.jobs.sweep import SweepStore
from core.runs.store import WAITING
from pages.shared import caches
from pages.shared.visitor import current, may_control


def cancel(sweep_id: str) -> str:
    """Removes the waiting runs of a sweep from the queue and stops those that train.

    Returns a sentence if that is refused. It does nothing for visitors who may not control the sweep.
    """
    store, refused = caches.store(), ""
    sweeps = SweepStore(store)
    if not may_control(sweeps.get(sweep_id)):
        return ""
    sweeps.stop(sweep_id)
    # Those that wait first: the device of a run that stops goes to the next one at once.
    for run in sorted(sweeps.get(sweep_id).runs(store.active()), key=lambda run: run.state != WAITING):
        try:
            caches.jobs().stop(run.id, visitor=current())
        except DigitLabError as error:
            refused = error.sentence
        # A run that never trained is not worth restoring, and would push out what a visitor deleted.
        shutil.rmtree(store.trash / run.id, ignore_errors=True)
    return refused

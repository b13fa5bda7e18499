"""Saves a fine-tuned copy of a network as a run of its own."""

import shutil
import time

import keras

from core.devices.computing import cpu_name
from core.drawing.personal_digits import FinetuneResult
from core.evaluation import seal
from core.evaluation.evaluations import TEST, VALIDATION
from core.files import explain_disk_errors
from core.formatting import count
from core.runs.events import FINISHED, RunEnded, Started
from core.runs.store import Run, RunStore
from core.runs.timeline import EventFile
from core.training.finetune import EPOCHS, REPLAY_DIGITS
from core.training.models import save

_IMAGES = {TEST: "test images", VALIDATION: "validation images"}


def save_copy(
    store: RunStore, original: Run, model: keras.Model, gain: FinetuneResult, own_count: int, *, starter: str = ""
) -> Run:
    """Saves the copy as a run of its own; its note says what it was trained on."""
    name = f"My hand · {original.title}"[:80]
    run = store.create(original.config, recipe=original.recipe, name=name, starter=starter, foreign=original.foreign)
    try:
        with explain_disk_errors(run.model_path):
            return _write_run(store, run, original, model, gain, own_count)
    except Exception:
        shutil.rmtree(run.folder, ignore_errors=True)  # an incomplete copy would look like an interrupted run
        raise


def _write_run(
    store: RunStore, run: Run, original: Run, model: keras.Model, gain: FinetuneResult, own_count: int
) -> Run:
    """Writes everything that makes `run` a finished one."""
    save(model, run.model_path)
    file, now = EventFile(run.events_path), time.time()
    # The copy learned from the data of the original and from own digits; pages recognise the data set by these counts.
    image_counts = (
        (original.started.train_images, original.started.validation_images)
        if original.started
        else (own_count + REPLAY_DIGITS, 0)
    )
    file.append(Started(now, cpu_name(), model.count_params(), *image_counts, 1, EPOCHS))
    file.append(RunEnded(FINISHED, "", now, EPOCHS, fit_seconds=gain.seconds))
    file.close()
    if gain.split == TEST:
        seal.open_test_set(run)  # its note names a figure of it
    note = (
        f"A copy of “{original.title}” that was trained on {count(own_count, 'digit')} of my hand: mine "
        f"{gain.mine[0]:.0%} → {gain.mine[1]:.0%}, {_IMAGES[gain.split]} {gain.others[0]:.1%} → {gain.others[1]:.1%}."
    )
    return store.update(run.id, note=note)

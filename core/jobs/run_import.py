"""Brings a run back: the ZIP of a download, the same unpacked in `runs/`, or somebody else's `.keras` file.

All of it is data. Weights are read without Keras and written into a new network by a process of its own.
"""

import io
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from core import process_settings
from core.config.recipes import matching_recipe
from core.data.mnist import Mnist
from core.digits import Digits
from core.errors import RunError
from core.evaluation import run_archive
from core.evaluation.metrics import evaluate
from core.evaluation.run_facts import RunDescription, read_description
from core.files import write_arrays, write_json
from core.network.foreign_model import ForeignGraph, read_foreign
from core.network.graph_network import GraphReader
from core.network.keras_file import check_finite, own_weights
from core.network.numpy_network import Reader
from core.network.own_layers import ForeignModel
from core.runs import file_names
from core.runs.addition import add_run
from core.runs.events import FINISHED, RunEnded, to_line
from core.runs.store import Run, RunStore
from core.subprocess_task import ROOT, child_environment
from core.training.rebuild import BLUEPRINT, WEIGHTS

_TIMEOUT = 180.0  # seconds for Keras to start and to write one network
IMAGES = 1000  # that tell which input a network expects
MIN_ACCURACY = 0.5  # below it, no known scaling is right
_CLOSE = 0.05  # accuracies that differ by less do not decide between two scalings

# What a network may expect in place of pixels from 0 to 1: factor · pixel + offset.
SCALINGS = {
    "pixels from 0 to 1": (1.0, 0.0),
    "pixels from 0 to 255": (255.0, 0.0),
    "pixels from -1 to 1": (2.0, -1.0),
    "standardised pixels (mean 0.1307, deviation 0.3081)": (1 / 0.3081, -0.1307 / 0.3081),
    "inverted pixels from 0 to 1": (-1.0, 1.0),
    "inverted pixels from 0 to 255": (-255.0, 255.0),
}


@dataclass(frozen=True)
class Imported:
    """The new run, and a sentence about it."""

    run: Run
    sentence: str


def import_file(
    store: RunStore, name: str, content: bytes, data: Mnist, *, visitor: str = "", scaling: str = ""
) -> Imported:
    """A run from an uploaded file. It belongs to `visitor`. Raises `RunError` for what is neither of both.

    scaling: of the input of a `.keras` file, one of `SCALINGS`; empty to find out.
    """
    if name.lower().endswith(".keras"):
        return import_network(store, name, content, data, visitor=visitor, scaling=scaling)
    if name.lower().endswith(".zip"):
        return _import_run(store, run_archive.read_zip(content), visitor)
    raise RunError("Choose the ZIP of a downloaded run, or a network that Keras saved as .keras.", name[:80])


def adopt_unpacked(store: RunStore) -> list[Imported]:
    """Makes a run of every download that somebody unpacked in `runs/`. The unpacked folder moves to the trash."""
    found = []
    for folder_name in store.damaged():
        folder = store.folder / folder_name
        if not folder.is_symlink() and run_archive.is_download(folder):
            files = run_archive.read_folder(folder)
            found.append(_import_run(store, files, ""))
            store.delete(folder_name)
    return found


def import_network(
    store: RunStore, name: str, content: bytes, data: Mnist, *, visitor: str = "", scaling: str = ""
) -> Imported:
    """A run from somebody else's `.keras` file. Raises `RunError` with the reason where it cannot be opened.

    scaling: one of `SCALINGS`, what its input is; empty to find out.
    """
    if len(content) > run_archive.MAX_MODEL_BYTES:
        raise RunError("The network is too large. At most 1 GB can be opened: save a smaller one.")
    model = read_foreign(content)
    fitted = _fit_input(model, data, scaling)
    title = "".join(sign for sign in Path(name).stem if sign.isprintable())[:60] or "network"
    note = f"Opened from a file. Its input: {fitted.scaling}. With it, {fitted.accuracy:.1%} of "
    note += f"{len(data.validation[:IMAGES]):,} validation images are right."
    ended = RunEnded(FINISHED, "", time.time(), 0)
    network = fitted.network
    description = RunDescription("", network.config, title, note, "", time.time(), (ended,), (), data.names)
    return Imported(_create(store, description, network, visitor), note)


def _fit_input(model: ForeignModel | ForeignGraph, data: Mnist, scaling: str) -> "_Trial":
    """The input that the network expects: what its first layer says, what the visitor says, or what does best."""
    if model.scales_itself:
        words = "pixels from 0 to 255, which its first layer scales"
        return _Trial.of(words, model, data.validation[:IMAGES], (255.0, 0.0))
    digits = data.validation[:IMAGES]
    names = [scaling] if scaling in SCALINGS else [*SCALINGS]
    tried = [_Trial.of(name, model, digits) for name in names]
    most = max(trial.accuracy for trial in tried)
    # A network with relu and small biases answers nearly the same for all factors: the loss shows the right one.
    best = min((trial for trial in tried if trial.accuracy > most - _CLOSE), key=lambda trial: trial.loss)
    if best.accuracy < MIN_ACCURACY and not scaling:
        raise RunError(
            f"This network cannot be opened: of {len(digits):,} validation images it recognises only "
            f"{best.accuracy:.0%}, with {best.scaling}, and fewer with any other scaling. Perhaps it was trained on "
            "other images, or it needs a scaling of its own: say which input it expects, or put the scaling into its "
            "first layer (Rescaling) and save it again."
        )
    return best


@dataclass(frozen=True)
class _Trial:
    """One scaling of the input, and how well the network does with it."""

    scaling: str
    network: Reader
    accuracy: float
    loss: float

    @classmethod
    def of(
        cls, scaling: str, model: ForeignModel | ForeignGraph, digits: Digits, change: tuple[float, float] | None = None
    ) -> Self:
        """change: factor and offset, if they are not those of the scaling's name."""
        network = model.reader(*(change or SCALINGS[scaling]))
        found = evaluate(digits.labels, network.logits(digits.images))
        return cls(scaling, network, found.accuracy, float("inf") if found.loss is None else found.loss)


def _import_run(store: RunStore, files: dict[str, bytes], visitor: str) -> Imported:
    described = read_description(files)
    network: Reader | None = None
    if described.foreign:
        network = GraphReader.read(io.BytesIO(files.get(file_names.MODEL, b"")))
    elif file_names.MODEL in files:
        weights = own_weights(io.BytesIO(files[file_names.MODEL]), described.config)
        check_finite(weights.values())
        network = Reader(described.config, weights)
    wanted = described.run_id
    run = _create(store, described, network, visitor)
    if wanted and run.id != wanted:
        where = "exists here already" if (store.folder / wanted).exists() else "is in the trash here"
        return Imported(run, f"The run {wanted} {where}, so this one has the new id {run.id}.")
    return Imported(run, f"The run {run.id} is here again.")


def _create(store: RunStore, described: RunDescription, network: Reader | None, visitor: str) -> Run:
    """Writes all files into a hidden folder, which is renamed when it is complete."""

    def fill(folder: Path) -> None:
        (folder / file_names.EVENTS).write_text("".join(map(to_line, described.events)), "utf-8")
        if described.test_set_opened:
            write_json(folder / file_names.TEST_SET, {"opened": list(described.test_set_opened)})
        if network is not None:
            write_arrays(folder / WEIGHTS, dict(network.weights))
            if isinstance(network, GraphReader):
                write_json(folder / BLUEPRINT, network.blueprint())
            _rebuild(folder)

    recipe = described.recipe if described.recipe == matching_recipe(described.config) else ""
    facts = {
        "name": described.name,
        "note": described.note,
        "recipe": recipe,
        "starter": visitor,
        "created": described.created,
        "data": {"names": list(described.class_names), "fingerprint": described.data_fingerprint},
        "foreign": isinstance(network, GraphReader),
        # Without its assignment: only runs that were trained here belong on a class board.
        "prediction": described.prediction.to_facts() if described.prediction else None,
    }
    return add_run(store, described.config, facts, described.run_id, fill)


def _rebuild(folder: Path) -> None:
    command = [sys.executable, "-m", "core.training.rebuild", str(folder)]
    environment = child_environment(**process_settings.CPU_ONLY)
    try:
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, timeout=_TIMEOUT, check=False)
    except subprocess.TimeoutExpired as error:
        raise RunError("Keras took too long to write the network. Try again when no run trains.") from error
    if done.returncode:
        lines = done.stderr.decode(errors="replace").strip().splitlines() or ["no message"]
        raise RunError("Keras could not write the network. Try again; the log has the reason.", lines[-1][:300])

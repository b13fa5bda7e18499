"""Exports the network of a run and compares the written file with Keras on the same images."""

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import keras
import numpy as np

from core.data.mnist import Mnist
from core.data.sampling import stratified_sample
from core.digits import SIDE, Digits
from core.errors import RunError
from core.evaluation import evaluations, seal
from core.evaluation.evaluations import TEST, VALIDATION
from core.evaluation.export_card import KERAS, Check, Measured
from core.evaluation.export_formats import FORMATS, Format
from core.formatting import count
from core.network.graph_network import network_of
from core.runs.run import Run
from core.subprocess_task import ReportProgress
from core.training import graph_model
from core.training.exporters.exporter import Exportable, exporter
from core.training.predict import Predictor

COMPARED = 1_000  # test images; their labels are not read, so this does not open a sealed test set
SAMPLE = 500  # training images on which the ranges of 8-bit numbers are measured
_ONE_TOOL = ("tflite", "tflite-int8")  # people choose between these two by size and accuracy: each is measured


@dataclass(frozen=True)
class _Judged:
    """Labelled images on which accuracies are measured, and what they are called; without images nothing is known."""

    digits: Digits | None
    place: str


def export_network(run: Run, form: Format, path: Path, data: Mnist, report: ReportProgress) -> Check:
    """Writes the network of `run` to `path` and says how close its answers are to Keras'.

    Raises `RunError` if the run has no weights, or if this installation cannot write the format.
    """
    report(0.4, "Building the network …")
    chosen = stratified_sample(data.train.labels, min(SAMPLE, len(data.train)), np.random.default_rng(0))
    network = exportable(run, data.train.images[chosen])
    judged, names = _judged(run, data), _ONE_TOOL if form.name in _ONE_TOOL else (form.name,)
    compared = data.test.images[:COMPARED]
    with tempfile.TemporaryDirectory() as place:
        paths = {name: path if name == form.name else Path(place) / _sibling(path, form, name) for name in names}
        for name, file in paths.items():
            report(0.45, f"Writing {FORMATS[name].label} …")
            exporter(name).write(network, file)
        report(0.65, f"Comparing it with Keras on {count(len(compared), 'test image')} …")
        ours = Predictor.from_model(network.model).probabilities(compared)
        theirs = exporter(form.name).probabilities(path, compared)
        report(0.75, "Measuring the accuracy …")
        files = _measure(network.model, paths, judged)
    same = int((ours.argmax(1) == theirs.argmax(1)).sum())
    return Check(len(compared), float(np.abs(ours - theirs).max()), same, judged.place, files)


def exportable(run: Run, sample: np.ndarray) -> Exportable:
    """The final network of the run, or the one after its newest epoch.

    It is built from the knobs and the checked weights: no code in the run's files is executed.
    """
    newest = max(run.checkpoint_epochs, default=None)
    if not run.has_model and newest is None:
        raise RunError(f"{run.title} has no network yet. Let it finish an epoch, or choose another run.")
    saved = network_of(run, None if run.has_model else newest)
    if not all(np.isfinite(array).all() for array in saved.weights.values()):
        raise RunError(f"{run.title} has weights that are not finite, so no tool can use it. Choose another run.")
    model = graph_model.of_reader(saved)
    model(np.zeros((1, SIDE, SIDE), np.uint8))  # Keras converts only a network that was called
    return Exportable(saved, model, sample)


def _sibling(path: Path, form: Format, name: str) -> str:
    return path.name.removesuffix(form.suffix) + FORMATS[name].suffix


def _judged(run: Run, data: Mnist) -> _Judged:
    """The test set; the validation images if the test set is sealed for the run."""
    split = VALIDATION if seal.sealed(run) else TEST
    try:
        seen = evaluations.trained_on_other_subset(run, data)
    except RunError:  # it was trained on another data set than the one in use
        return _Judged(None, "")
    place = count(len(data.split(split)), f"{split} image")
    return _Judged(data.split(split), f"{place}, of which it may have seen some" if seen else place)


def _measure(model: keras.Model, paths: Mapping[str, Path], judged: _Judged) -> tuple[Measured, ...]:
    def accuracy(read: Callable[[np.ndarray], np.ndarray]) -> float | None:
        digits = judged.digits
        return None if digits is None else float((read(digits.images).argmax(1) == digits.labels).mean())

    found = [Measured(KERAS, None, accuracy(Predictor.from_model(model).probabilities))]
    for name, path in paths.items():
        right = accuracy(partial(exporter(name).probabilities, path))
        found.append(Measured(path.name, path.stat().st_size, right))
    return tuple(found)

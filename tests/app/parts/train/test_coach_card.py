"""The coach reads the numbers that the bars of the network panel show, and its button sets the knobs."""

import numpy as np
import pytest

from core.classroom.assignment_store import AssignmentStore
from core.classroom.assignments import checked
from core.config.run_config import RunConfig
from core.runs.curves import Curves
from core.runs.events import BatchDone, RunEnded, Started
from core.runs.moment import LayerMoment, Moment
from core.runs.moments import write_moment
from core.runs.prediction import Asked
from core.runs.store import Run, RunStore
from core.runs.timeline import EventFile
from pages.parts.train.coach_card import _diagnostics
from tests.app.train_page import labels, press, slider, visit, words
from tests.made_runs import make


@pytest.fixture
def run(tmp_path):
    return make(RunStore(tmp_path), RunConfig(network="conv4x5-norm-dense16", epochs=2), points=20)


def layer(name: str, kind: str, k: int, update_ratio: float, dead: float) -> LayerMoment:
    shapes = {"conv": ((5, 5, 1, k), (3, 12, 12, k)), "dense": ((8, k), (20, k))}[kind]
    kernel, activations = (np.zeros(shape, np.float16) for shape in shapes)
    return LayerMoment(name, kind, np.arange(k, dtype=np.int32), kernel, np.zeros(k, np.float16), activations,
                       update_ratio, dead)  # fmt: skip


def moment(step: int, *layers: LayerMoment) -> Moment:
    answers, places = np.full((20, 10), 0.1, np.float16), np.zeros((20, 2), np.float32)
    return Moment(step, 0.1, 1, 0.5, 1, 0.5, layers, answers, places)


def test_the_coach_has_the_updates_and_dead_units_of_the_newest_moment(run):
    last = layer("softmax10", "dense", 10, 3e-4, 0.0)
    write_moment(run, moment(4, layer("conv4x5", "conv", 4, 9e-1, 1.0), layer("dense16", "dense", 16, 0.9, 1.0), last))
    write_moment(
        run, moment(9, layer("conv4x5", "conv", 4, 1e-3, 0.25), layer("dense16", "dense", 16, 2e-3, 0.5), last)
    )
    found = _diagnostics(run, Curves(run).refresh())
    assert found.updates == {"conv1": 1e-3, "dense1": 2e-3, "output": 3e-4}
    assert found.dead == {"conv1": 0.25, "dense1": 0.5, "output": 0.0}
    assert found.updates_step == 9


def test_a_run_without_moments_has_no_updates(run):
    assert _diagnostics(run, Curves(run).refresh()).updates == {}


def diverged(store: RunStore) -> Run:
    """A run whose loss is no number any more; its batch size is not the default."""
    run = store.create(RunConfig(learning_rate=1.0, batch_size=128))
    file = EventFile(run.events_path)
    file.append(Started(1.0, "CPU", 10, 100, 10, 4, 3))
    file.append(BatchDone(3, 1, 3, 0.1, float("nan"), 0.1, 100.0))
    file.append(RunEnded("failed", "The loss is no longer a number.", 2.0, 0))
    file.close()
    return run


def test_the_coach_sets_the_knobs_of_the_next_run(store):
    page = press(visit(run=diverged(store).id), "Learning rate 0.1")
    assert slider(page, "Learning rate").value == 0.1
    assert slider(page, "Batch size").value == 128


def assign(store: RunStore, *knobs: str) -> str:
    kept = checked("How fast?", knobs, RunConfig(epochs=2), Asked())
    return AssignmentStore(store.home).create(kept, "the teacher").id


def test_in_an_assignment_the_advice_sets_only_the_free_knobs(store):
    assigned = assign(store, "learning_rate", "units")
    page = press(visit(assignment=assigned, run=diverged(store).id), "Learning rate 0.1")
    assert slider(page, "Learning rate").value == 0.1
    assert "Back to its settings" not in labels(page)  # no fixed knob was changed, so Start takes the run


def test_advice_about_a_fixed_knob_names_it_and_offers_no_button(store):
    page = visit(assignment=assign(store, "units"), run=diverged(store).id)
    assert "Your assignment fixes Learning rate, so you cannot try this here." in words(page)
    assert "Learning rate 0.1" not in labels(page)
    assert "Learning rate 0.1" in labels(press(page, "Show all knobs"))

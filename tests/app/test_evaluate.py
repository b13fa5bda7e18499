"""Evaluate as a visitor meets it: figures, seal, earlier epochs and what is said when something is missing."""

import numpy as np
import pytest

from core import evaluations, mnist
from core.config import RunConfig
from core.events import EpochDone, RunEnded, Started
from core.runs import RunStore
from core.timeline import EventFile


class Oracle:
    """A network that is wrong on every tenth image, and at first on every second: known without training one."""

    def __init__(self, labels: np.ndarray, wrong_every: int):
        predicted = labels.astype(np.int64)
        predicted[::wrong_every] = (predicted[::wrong_every] + 1) % 10
        self.answer = np.full((len(labels), 10), 0.02, np.float32)
        self.answer[np.arange(len(labels)), predicted] = 0.82

    def probabilities(self, images: np.ndarray) -> np.ndarray:
        return self.answer


@pytest.fixture(scope="module")
def data():
    return mnist.load()


@pytest.fixture(scope="module")
def store(home):
    return RunStore()


@pytest.fixture
def run(store, data):
    """A finished run of two epochs whose answers on validation and test are kept; removed afterwards."""
    run = store.create(RunConfig(epochs=2), name="The oracle")
    run.model_path.write_bytes(b"weights")
    run.epoch_path(1).write_bytes(b"early weights")
    run.epoch_path(2).write_bytes(b"late weights")
    events = EventFile(run.events_path)
    events.append(Started(1.0, "CPU", 10, len(data.train), len(data.validation), 4, 2))
    events.append(EpochDone(4, 1, 1.0, 0.5, 0.6, 0.001, 0.7, 0.5))
    events.append(EpochDone(8, 2, 2.0, 0.2, 0.9, 0.001, 0.3, 0.9))
    events.append(RunEnded("finished", "", 2.0, 2, validation_accuracy=0.9))
    events.close()
    for epoch, wrong_every in ((None, 10), (1, 2), (2, 10)):
        oracle = Oracle(data.validation.labels, wrong_every)
        evaluations.answers(run, "validation", data, lambda oracle=oracle: oracle, epoch)
    yield store.get(run.id)
    store.delete(run.id)


def again(app):
    """Runs the page once more where it is. AppTest runs the page's file alone, which bounces and loses clicks."""
    app.session_state["_inside_navigation"] = True
    return app.run()


def asked(app):
    """Presses 'Ask it now', which is offered as long as Keras is asleep."""
    return again(app) if any(button.key == "evaluate_ask" for button in app.button) else app


def values(app) -> dict[str, str]:
    return {metric.label: metric.value for metric in app.metric}


def test_the_figures_are_those_of_the_run(open_page, run):
    app = open_page("evaluate", run=run.id)
    assert not app.exception
    assert values(app)["Accuracy"] == "90.00%"
    assert "–" in values(app)["95 % interval"]


def test_an_earlier_epoch_has_its_own_figures(open_page, run):
    app = open_page("evaluate", run=run.id, epoch="1")
    assert values(app)["Accuracy"] == "50.00%"
    app.select_slider[0].set_value(2)
    assert values(again(app))["Accuracy"] == "90.00%"


def test_the_test_set_is_sealed_until_the_button_is_pressed(open_page, run, store, data):
    app = open_page("evaluate", run=run.id)
    app.segmented_control(key="evaluate_split").set_value("test")
    again(app)
    assert "sealed" in " ".join(text.value for text in app.markdown)
    assert not app.metric
    assert evaluations.sealed(run)
    evaluations.open_test_set(run)  # answered beforehand, so that the press wakes no network
    evaluations.answers(run, "test", data, lambda: Oracle(data.test.labels, 20))
    (run.folder / "test_set.json").unlink()
    app.button(key="evaluate_open").click()
    again(app)
    assert len(evaluations.openings(run)) == 1
    assert values(app)["Accuracy"] == "95.00%"


@pytest.mark.parametrize("view", ["figures", "gallery", "digit", "trust", "pair"])
def test_every_view_that_needs_no_network_opens_by_its_link(open_page, run, view):
    app = open_page("evaluate", run=run.id, view=view)
    assert not app.exception
    assert not app.error


def test_the_digit_of_the_link_is_open(open_page, run, data):
    app = open_page("evaluate", run=run.id, view="digit", index="20")
    assert app.number_input[0].value == 20
    said = " ".join(text.value for text in app.markdown)
    assert f"Digit 20 is a **{data.validation.labels[20]}**" in said


def test_the_next_mistake_is_one(open_page, run):
    app = open_page("evaluate", run=run.id, view="digit", index="1")
    next(button for button in app.button if button.label == "Next mistake").click()
    assert again(app).number_input[0].value == 10


def test_a_link_to_nonsense_is_survived(open_page, run):
    app = open_page("evaluate", run="no-such-run", epoch="99", view="nowhere", index="-5")
    assert not app.exception


def test_a_run_without_weights_says_what_to_do(open_page, store):
    run = store.create(RunConfig(), name="Nothing yet")
    try:
        app = open_page("evaluate", run=run.id)
        assert not app.exception
        assert "has kept no network yet" in app.error[0].value
    finally:
        store.delete(run.id)


def test_a_weights_file_cut_short_is_a_sentence(open_page, run):
    run.model_path.write_bytes(b"PK cut short")
    app = asked(open_page("evaluate", run=run.id))
    assert not app.exception
    assert "cannot be read" in app.error[0].value


def test_a_run_of_another_data_set_is_a_sentence(open_page, store, data):
    run = store.create(RunConfig(), name="Of other images")
    run.model_path.write_bytes(b"weights")
    events = EventFile(run.events_path)
    events.append(Started(1.0, "CPU", 10, 123, 10, 4, 2))
    events.append(RunEnded("finished", "", 2.0, 2))
    events.close()
    try:
        app = asked(open_page("evaluate", run=run.id))
        assert not app.exception
        assert "another data set" in app.error[0].value
    finally:
        store.delete(run.id)

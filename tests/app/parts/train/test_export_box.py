"""Files for other tools in the Download box: a process writes them, and the page offers what it wrote."""

import pytest

from core.config.run_config import RunConfig
from core.evaluation import export_formats
from core.evaluation.export_formats import FORMATS
from core.jobs.export import ExportTask
from tests.app.train_page import labels, press, rerun, visit, words
from tests.small_run import wait_until
from tests.trained_run import trained_run


@pytest.fixture
def run(store, embedded):
    return trained_run(store, RunConfig(units=8), embedded)


def choose(page, name):
    next(box for box in page.selectbox if box.label == "For another tool").set_value(name)
    return rerun(page)


def offered(page):
    return [button.proto.label for button in page.get("download_button")]


def test_every_format_can_be_chosen(run):
    page = visit(run=run.id)
    box = next(box for box in page.selectbox if box.label == "For another tool")
    assert box.options == [form.label for form in FORMATS.values() if not form.at_once]
    assert "Export" in labels(page)
    assert {"Notebook (.ipynb)", "Program (.py)"} <= set(offered(page))


def test_what_is_not_installed_is_a_sentence_instead_of_a_button(run, monkeypatch):
    monkeypatch.setattr(export_formats, "find_spec", lambda name: None)
    page = choose(visit(run=run.id), "onnx")
    assert "ONNX (.onnx) needs onnx and onnxruntime" in words(page)
    assert "Export" not in labels(page)


def test_a_run_without_weights_offers_no_other_formats(store):
    run = store.create(RunConfig())
    page = visit(run=run.id)
    assert "For another tool" not in [box.label for box in page.selectbox]


@pytest.mark.slow
def test_the_file_and_its_description_are_offered_when_the_process_has_ended(run, store):
    page = press(choose(visit(run=run.id), "tensorboard"), "Export")
    task = ExportTask(run, FORMATS["tensorboard"], store)
    wait_until(lambda: not task.progress().running)
    choose(page, "tensorboard")
    assert [label.partition(" ")[0] for label in offered(page)][-2:] == ["File", "Description"]
    assert "Export" not in labels(page)

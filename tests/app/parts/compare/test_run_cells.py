"""The cells of Compare's table."""

from core.config.run_config import RunConfig
from core.evaluation.comparison import RunRow
from core.runs.events import Started
from core.runs.run import Run
from core.runs.store import RunStore
from core.runs.summaries import Summaries
from core.runs.timeline import EventFile
from pages.parts.compare.run_cells import _test, explain_marks
from pages.shared import caches
from tests.made_runs import make


def row_of(run: Run, images: int) -> RunRow:
    return RunRow(run, Summaries().get(run), run.state, False, 0.998, (0.988, 1.0), images, 0.1, False)


def started_with(store: RunStore, training: int, validation: int) -> Run:
    run = store.create(RunConfig())
    EventFile(run.events_path).append(Started(1.0, "CPU", 10, training, validation, 1, 1))
    return run


def test_an_accuracy_on_images_that_the_run_may_have_learned_is_marked(store, embedded, monkeypatch):
    monkeypatch.setattr(caches, "data", lambda: embedded)
    on_all = started_with(store, 54_000, 6000)
    here = started_with(store, len(embedded.train), len(embedded.validation))
    text, _, about = _test(row_of(on_all, len(embedded.test)))
    assert text == "99.80% [98.80–100.00] *"
    assert "may have learned from some of them" in about
    assert _test(row_of(here, len(embedded.test)))[0] == "99.80% [98.80–100.00]"
    assert _test(row_of(on_all, 10_000))[0] == "99.80% [98.80–100.00]"  # measured where it was trained


def test_each_mark_of_the_table_is_explained_beside_it():
    def marks(*texts: str) -> str:
        return explain_marks([{"cells": [[text, None, ""]]} for text in texts])

    assert marks("98.45%", "98.25% [97.97–98.49]", "") == ""
    assert marks("98.45% ᵗ", "97.10% ᵗ") == "ᵗ on the test set"
    assert marks("99.80% [98.80–100.00] *", "sealed") == (
        "* on images that it may have learned from · sealed: test set not opened yet"
    )


def test_a_sealed_test_set_is_explained_without_pointing_at_it(open_page, home_store, table):
    make(home_store, RunConfig(epochs=2), level=0.97)
    open_page("compare")
    assert "sealed: test set not opened yet" in table.marks

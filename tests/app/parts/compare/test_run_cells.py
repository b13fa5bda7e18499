"""The cells of Compare's table."""

from core.config.run_config import RunConfig
from core.evaluation.comparison import RunRow
from core.runs.events import Started
from core.runs.run import Run
from core.runs.store import RunStore
from core.runs.summaries import Summaries
from core.runs.timeline import EventFile
from pages.parts.compare.run_cells import _test
from pages.shared import caches


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

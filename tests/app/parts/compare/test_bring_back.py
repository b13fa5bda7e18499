"""A file dropped on Compare becomes a run, or a sentence says why not."""

import pytest

from core.config.run_config import RunConfig
from core.evaluation.run_export import build_archive
from core.jobs import run_import
from core.runs.events import RunEnded
from core.runs.timeline import EventFile
from core.training import models, rebuild


@pytest.fixture
def archive(store, monkeypatch) -> bytes:
    """The download of a run that was deleted afterwards."""
    monkeypatch.setattr(run_import, "_rebuild", rebuild.rebuild)
    run = store.create(RunConfig(units=4), name="Brought back")
    models.save(models.build(run.config), run.model_path)
    events = EventFile(run.events_path)
    events.append(RunEnded("finished", "", 9.0, 1))
    events.close()
    content = build_archive(store.get(run.id))
    for path in run.folder.rglob("*"):
        if path.is_file():
            path.unlink()
    (run.folder / "epochs").rmdir()
    run.folder.rmdir()
    return content


def add(app, name: str, content: bytes):
    app.file_uploader[0].upload(name, content, "application/zip").run()
    return next(button for button in app.button if button.label == "Add").click().run()


def test_a_downloaded_run_is_a_run_again(open_page, store, archive):
    app = add(open_page("compare"), "digit-lab.zip", archive)
    assert not app.exception
    assert "is here again" in app.success[0].value
    (run,) = [run for run in store.runs() if not run.shipped]
    assert run.name == "Brought back"
    assert run.starter


def test_another_file_is_a_sentence(open_page, store):
    app = add(open_page("compare"), "photos.zip", b"no run")
    assert not app.exception
    assert "This file is no run" in app.error[0].value
    assert all(run.shipped for run in store.runs())

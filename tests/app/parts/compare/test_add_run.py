"""A file dropped on Compare becomes a run, or a sentence says why not."""

import io
import zipfile

import pytest
from streamlit.testing.v1 import AppTest

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


@pytest.fixture
def menu(monkeypatch) -> AppTest:
    """The menu alone: AppTest loses an upload on a page of `st.navigation`, and links need such a page."""
    monkeypatch.setattr("streamlit.page_link", lambda *_, **__: None)

    def script() -> None:
        from pages.parts.compare import add_run

        add_run.say_result()
        add_run.menu()

    return AppTest.from_function(script, default_timeout=60).run()


def add(app: AppTest, name: str, content: bytes) -> AppTest:
    app.file_uploader[0].upload(name, content, "application/zip").run()
    return next(button for button in app.button if button.label == "Add").click().run()


def test_a_downloaded_run_is_a_run_again(menu, store, archive):
    app = add(menu, "digit-lab.zip", archive)
    assert not app.exception
    assert "is here again" in app.success[0].value
    (run,) = [run for run in store.runs() if not run.shipped]
    assert run.name == "Brought back"
    assert run.starter


def test_another_file_is_a_sentence(menu, store):
    app = add(menu, "photos.zip", b"no run")
    assert not app.exception
    assert "This file is no run" in app.error[0].value
    assert all(run.shipped for run in store.runs())


def test_the_menu_is_on_compare_with_and_without_runs(open_page, store):
    for _ in range(2):
        app = open_page("compare")
        assert not app.exception
        assert [uploader.allowed_type for uploader in app.file_uploader] == [[".zip", ".keras"]]
        store.create(RunConfig())


def test_a_download_unpacked_in_the_runs_is_found(open_page, store, archive):
    with zipfile.ZipFile(io.BytesIO(archive)) as packed:
        packed.extractall(store.folder)
    assert any("Open Compare to add it" in info.value for info in open_page("train").info)
    app = open_page("compare")
    assert "was unpacked in the folder of runs" in app.success[0].value
    assert [run.name for run in store.runs() if not run.shipped] == ["Brought back"]

"""Pages over a home that fails: full, read-only, deleted, or with a run that nobody may read."""

import errno
import shutil
from pathlib import Path

import pytest

from core.config.run_config import RunConfig
from core.runs.run_cache import RunCache
from core.runs.store import RunStore
from pages.shared import caches
from tests import made_runs
from tests.app.train_page import press, words
from tests.faults.system import refuse

SMALL = RunConfig(hidden_layers=0, epochs=1)


@pytest.fixture
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunStore:
    """The dashboard under test has this home, and no queue."""
    store = RunStore(tmp_path / "home")
    monkeypatch.setenv("DIGIT_LAB_HOME", str(store.home))
    monkeypatch.setattr(caches, "store", lambda: store)
    return store


@pytest.mark.parametrize("page", ["start", "train", "compare"])
def test_pages_open_on_a_full_disk_and_in_a_home_that_is_read_only(own_home, monkeypatch, open_page, page):
    run = made_runs.make(own_home, SMALL, points=2, name="mine")
    for number in (errno.ENOSPC, errno.EROFS):
        with monkeypatch.context() as patch:
            refuse(patch, own_home.home, number)
            assert not open_page(page, run=run.id).exception


@pytest.mark.parametrize("page", ["train", "server"])
def test_a_page_with_the_queue_names_a_wrong_setting_of_the_server(own_home, monkeypatch, open_page, page):
    monkeypatch.setenv("DIGIT_LAB_KEEP_EPOCHS", "abc")
    app = open_page(page)
    assert not app.exception
    assert "KEEP_EPOCHS must be a whole number from 2 to 10,000" in words(app).replace("\\", "")


def test_start_in_a_home_that_is_read_only_says_what_to_change(own_home, monkeypatch, open_page):
    app = open_page("train")
    refuse(monkeypatch, own_home.home, errno.EROFS)
    press(app, "Start")
    assert not app.exception
    assert "is not allowed to write" in words(app)


def test_a_home_that_was_deleted_is_empty_and_can_be_used_again(own_home, open_page):
    run = made_runs.make(own_home, SMALL, points=2, name="gone")
    shutil.rmtree(own_home.home)
    for page in ("start", "train", "compare", "evaluate", "draw"):
        app = open_page(page, run=run.id)
        assert not app.exception, page
    assert "There is no run" in words(open_page("train", run=run.id))
    again = own_home.create(SMALL, name="after")
    assert [each.name for each in own_home.runs() if not each.shipped] == ["after"]
    assert own_home.get(again.id).state == "interrupted"


@pytest.mark.parametrize("page", ["start", "train", "compare", "evaluate", "draw"])
def test_a_run_that_nobody_may_read_is_set_aside(own_home, monkeypatch, open_page, page):
    made_runs.make(own_home, SMALL, points=2, name="another")
    closed = made_runs.make(own_home, SMALL, points=2, name="closed")
    monkeypatch.setattr(own_home, "_cache", RunCache(own_home.home / "none"))
    refuse(monkeypatch, closed.folder, errno.EACCES, reading=True)
    app = open_page(page)
    assert not app.exception
    assert [run.name for run in own_home.runs() if not run.shipped] == ["another"]
    assert list(own_home.damaged()) == [closed.id]
    if page == "train":
        assert closed.id in words(app)

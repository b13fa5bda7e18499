"""Every page opens while the home is full of run folders that were never written by this program."""

import pytest

from core.config.run_config import RunConfig
from core.runs.store import RunStore
from pages.shared import caches
from tests import hostile_runs

PAGES = ("start", "explore", "prepare", "train", "compare", "evaluate", "draw", "server")


@pytest.fixture
def spoiled(store: RunStore):
    return hostile_runs.spoiled(store.create)


def test_every_page_opens_beside_strange_runs(store, spoiled, open_page):
    for page in PAGES:
        app = open_page(page)
        assert not app.exception, page
    assert len(store.damaged()) > 10


@pytest.mark.slow
@pytest.mark.parametrize("page", ["train", "evaluate", "draw", "compare"])
def test_every_strange_run_can_be_asked_for(store, spoiled, open_page, page):
    for run in spoiled:
        app = open_page(page, **{"runs" if page == "compare" else "run": run.id})
        assert not app.exception, (page, sorted(path.name for path in run.folder.iterdir()), run.id)


def test_the_reason_is_named_on_train(store, open_page):
    run = store.create(RunConfig())
    hostile_runs.pipe(run, "events.jsonl")
    app = open_page("train")
    assert any("events.jsonl" in warning.value and run.id in warning.value for warning in app.warning)


def test_there_is_one_queue_whatever_empties_the_caches(store):
    import streamlit as st

    before = caches.jobs()
    st.cache_resource.clear()
    assert caches.jobs() is before


@pytest.mark.parametrize("page", ["start", "train", "compare", "evaluate", "draw"])
def test_names_and_reasons_are_shown_as_text(store, open_page, page):
    evil = "![x](https://evil.example/x.png) [1]: www.evil.example"
    run = store.create(RunConfig(), name=evil, queued=page == "train")
    hostile_runs.write_facts(run, note=evil)
    hostile_runs.write_events(
        run, {"event": "Started"}, {"event": "EpochDone"}, {"event": "RunEnded", "outcome": "failed", "reason": evil}
    )
    app = open_page(page, **{"runs" if page == "compare" else "run": run.id})
    assert not app.exception
    for kind in ("markdown", "caption", "info", "warning", "error", "success"):
        for element in getattr(app, kind):
            assert "https://evil" not in element.value, element
            assert " www.evil" not in element.value, element

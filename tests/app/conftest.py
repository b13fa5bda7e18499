"""AppTest on the whole dashboard: every test comes in by the link of its page, through the entry script."""

import functools
import gc
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest, local_script_runner

from core.config.run_config import RunConfig
from core.data import mnist
from core.errors import DataError
from core.jobs import worker_pool
from core.runs.store import Run, RunStore
from pages.shared import caches
from tests.app.compare_page import home_store, me, queued, table  # noqa: F401 (fixtures of the tests of Compare)
from tests.app.draw_page import personal, who  # noqa: F401 (fixtures of the tests of Draw)
from tests.conftest import ROOT
from tests.small_run import wait_until

# For every AppTest Streamlit reads what all installed packages say of themselves, a quarter of a second each.
manifest_scanner.scan_component_manifests = functools.cache(manifest_scanner.scan_component_manifests)
# It would also compile the scripts again for each run of an AppTest, where a server compiles them once.
local_script_runner.ScriptCache = functools.cache(local_script_runner.ScriptCache)


@pytest.fixture(autouse=True)
def nothing_is_fetched(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages that show the embedded digits fetch the full set behind them: not from the network, and not in a test."""

    def refuse(*_: object) -> None:
        raise DataError("Tests fetch nothing.")

    if "mirror" not in request.fixturenames:
        monkeypatch.setattr("core.data.download.download_to", refuse)


@pytest.fixture(autouse=True)
def keras_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server never imports it. Where a test before this one has, Streamlit would empty its session after each run
    of a script, and look for garbage among its million objects: a second."""
    if "keras" in sys.modules:
        monkeypatch.setattr("keras.backend.clear_session", lambda free_memory=True: None)
        gc.freeze()


@pytest.fixture(scope="module")
def untrained_run(home) -> Iterator[Run]:
    """A run with an untrained network: what counts is that a page asks it and shows what it says."""
    from core.training.models import build, save

    store = RunStore()
    run = store.create(RunConfig(units=16), name="untrained")
    save(build(run.config), run.model_path)
    yield store.get(run.id)
    store.delete(run.id)


@pytest.fixture
def open_page() -> Callable[..., AppTest]:
    """`open_page("train", run="…")`: the page as a visitor finds it who comes in by that link."""

    def open_page(name: str, **query: str) -> AppTest:
        app = AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=30)
        for key, value in query.items():
            app.query_params[key] = value
        return app.switch_page(f"pages/{name}.py").run()

    return open_page


@pytest.fixture(scope="session")
def unpacked_data(home: Path) -> Path:
    """The images as every home keeps them, unpacked. To do that in each home takes half a second."""
    mnist.load()
    return home / "data" / "kept"


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, unpacked_data: Path) -> Iterator[RunStore]:
    """An empty home but for the images, and a worker that learns nothing."""
    monkeypatch.setenv("DIGIT_LAB_HOME", str(tmp_path))
    shutil.copytree(unpacked_data, tmp_path / "data" / "kept", copy_function=os.link)
    monkeypatch.setattr(worker_pool, "WORKER_COMMAND", (sys.executable, "-m", "tests.unit.jobs.stand_in_worker"))
    st.cache_resource.clear()
    st.cache_data.clear()
    store = RunStore(tmp_path)
    yield store
    for run in store.active():
        caches.jobs().stop(run.id)
    wait_until(lambda: not store.active())
    caches.jobs().close()
    st.cache_resource.clear()

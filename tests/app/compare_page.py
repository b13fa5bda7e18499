"""Fixtures and helpers that use the Compare page as a visitor does."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from streamlit.testing.v1 import AppTest

from core.classroom.visitors import Visitor
from core.jobs import search
from core.runs.store import Run, RunStore
from pages.parts.compare import run_rows
from pages.shared import caches, visitor

Open = Callable[..., AppTest]


@pytest.fixture
def home_store(home: Path) -> Iterator[RunStore]:
    """The home_store of the dashboard under test, left as it was found."""
    home_store = RunStore(home)
    before = {run.id for run in home_store.runs()}
    yield home_store
    for folder in ("sweeps", "trash"):
        shutil.rmtree(home / folder, ignore_errors=True)
    for run in home_store.runs():
        if run.id not in before:
            shutil.rmtree(run.folder)


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """The last content of the table; AppTest draws no components."""
    seen = SimpleNamespace()

    def run_table(content, **calls):
        seen.columns = [column["id"] for column in content.columns]
        seen.rows = {row["id"]: row for row in content.rows}
        seen.groups, seen.chosen, seen.marks, seen.calls = content.groups, content.chosen, content.marks, calls

    monkeypatch.setattr(run_rows, "run_table", run_table)
    return seen


@pytest.fixture
def queued(monkeypatch: pytest.MonkeyPatch, home_store: RunStore) -> list[Run]:
    """The runs that were queued; nothing trains."""
    runs: list[Run] = []

    class Jobs:
        def submit_all(self, asked, *, visitor: Visitor) -> list[Run]:
            made = [home_store.create(config, queued=True, starter=visitor.id, **facts) for config, facts in asked]
            runs.extend(made)
            return made

        def check_sweep(self, configs, visitor: Visitor, *, trials: int = 0) -> None:
            """Everybody may."""

        def stop(self, run_id: str, *, visitor: Visitor) -> None:
            (home_store.get(run_id).folder / "queued").unlink()
            home_store.delete(run_id)

    monkeypatch.setattr(caches, "jobs", Jobs)
    monkeypatch.setattr(search, "start", lambda *_: None)
    return runs


@pytest.fixture
def me(monkeypatch: pytest.MonkeyPatch) -> str:
    """The visitor who looks."""
    monkeypatch.setattr(visitor, "_secret", lambda: b"a pupil")
    return visitor.visitor()


def cell(table: SimpleNamespace, run: Run, column: str) -> str:
    return table.rows[run.id]["cells"][table.columns.index(column)][0]


def read_text(app: AppTest) -> str:
    return " ".join(each.value for kind in ("markdown", "info", "success", "caption", "warning", "error")
                    for each in app.get(kind))  # fmt: skip

"""A home with many runs: boxes and the table get a part of them, and the runs of links are always there."""

import pytest

from core.config.run_config import RunConfig
from pages.parts.compare import run_rows
from pages.shared import run_options
from tests import made_runs
from tests.app.page import rerun


@pytest.fixture
def many(home_store, monkeypatch):
    monkeypatch.setattr(run_options, "MAX_OPTIONS", 3)
    monkeypatch.setattr(run_rows, "PART", 4)
    made = [made_runs.make(home_store, RunConfig(epochs=1, seed=seed), name=f"number {seed}") for seed in range(9)]
    for run in made:
        run.model_path.write_bytes(b"PK")
    return made


def box(app, label):
    return next(each for each in app.selectbox if each.label == label)


def test_the_box_on_train_has_the_newest_runs_and_the_one_of_the_link(open_page, many):
    app = open_page("train", run=many[0].id)
    assert not app.exception
    options = box(app, "Run").options
    assert len(options) == 4
    assert box(app, "Run").value == many[0].id
    assert "A link opens an older run" in box(app, "Run").help


def test_the_table_shows_one_part_and_what_is_ticked(open_page, many, table):
    app = open_page("compare", runs=many[0].id)
    newest = {run.id for run in many[-4:]}
    assert newest | {many[0].id} <= set(table.rows)
    assert len(table.rows) <= 6
    part = box(app, "Part of the list")
    assert part.options[0].startswith("Runs 1 to 4 of ")
    part.select_index(1)
    rerun(app, None)
    assert {run.id for run in many[-8:-4]} <= set(table.rows)
    assert newest.isdisjoint(table.rows)

"""Deleting runs on Compare, restoring them, and who may do it."""

from streamlit.testing.v1 import AppTest

from core.runs.store import Run, RunStore
from pages.shared import visitor
from tests.app.compare_page import Open, read_text
from tests.app.page import button, rerun
from tests.made_runs import make


def select_for_deletion(app: AppTest, *runs: Run) -> None:
    box = next(each for each in app.multiselect if each.label == "Runs to delete")
    rerun(app, box.set_value([run.id for run in runs]))


def test_selected_runs_are_deleted_and_restored(open_page: Open, home_store: RunStore, table):
    runs = [make(home_store) for _ in range(3)]
    app = open_page("compare", runs=",".join(run.id for run in runs[:2]))
    assert button(app, "Move to the trash").disabled  # ticks in the table select nothing
    select_for_deletion(app, *runs[1:])
    rerun(app, button(app, "Move 2 runs to the trash").click())
    assert {run.id for run in runs} & {run.id for run in home_store.runs()} == {runs[0].id}
    assert button(app, "Move to the trash").disabled  # the next deletion starts with an empty selection
    rerun(app, button(app, "Restore 2 runs").click())
    assert {run.id for run in runs} <= set(table.rows)
    assert set(table.chosen) == {run.id for run in runs[:2]}


def test_the_runs_in_the_charts_can_be_selected_at_once(open_page: Open, home_store: RunStore, table):
    runs = [make(home_store) for _ in range(2)]
    app = open_page("compare", runs=",".join(run.id for run in runs))
    rerun(app, button(app, "Select the 2 ended runs in the charts").click())
    rerun(app, button(app, "Move 2 runs to the trash").click())
    assert not {run.id for run in runs} & {run.id for run in home_store.runs()}


def test_what_somebody_else_started_is_not_deleted(open_page: Open, home_store: RunStore, table, me: str):
    mine, another = make(home_store, starter=me), make(home_store, starter="another", name="Theirs")
    app = open_page("compare", runs=f"{mine.id},{another.id}")
    offered = next(each for each in app.multiselect if each.label == "Runs to delete").options
    assert any(title.startswith(mine.title) for title in offered)
    assert not any(another.id in title or title.startswith("Theirs") for title in offered)
    assert "Runs that somebody else started are not listed" in read_text(app)
    rerun(app, button(app, "Select the 1 ended run in the charts").click())
    rerun(app, button(app, "Move 1 run to the trash").click())
    assert another.id in table.rows
    assert mine.id not in table.rows


def test_a_run_that_became_somebody_elses_meanwhile_stays(open_page: Open, home_store: RunStore, table, me: str):
    run = make(home_store, starter=me)
    app = open_page("compare", runs=run.id)
    select_for_deletion(app, run)
    home_store.write(run.id, starter="another")
    rerun(app, button(app, "Move 1 run to the trash").click())
    assert run.id in table.rows
    assert "Only they and the teacher can delete it" in read_text(app)


def test_the_teacher_deletes_every_run(open_page: Open, home_store: RunStore, table, me: str, monkeypatch):
    monkeypatch.setattr(visitor, "is_teacher", lambda: True)
    run = make(home_store, starter="another")
    app = open_page("compare", runs=run.id)
    select_for_deletion(app, run)
    rerun(app, button(app, "Move 1 run to the trash").click())
    assert run.id not in [each.id for each in home_store.runs()]

"""The form beside a run: how they differ, and runs that would be identical."""

from core.classroom.assignment_store import AssignmentStore
from core.classroom.assignments import checked
from core.config.run_config import RunConfig
from core.runs.events import RateChanged, RunEnded
from core.runs.prediction import Asked
from core.runs.timeline import EventFile
from tests.app.train_page import labels, press, rerun, slider, visit, words
from tests.made_runs import make
from tests.small_run import wait_until


def test_an_equal_run_is_pointed_out(store):
    page = press(visit(epochs="2"), "Start")
    (run,) = [run for run in store.runs() if not run.shipped]
    wait_until(lambda: run.state == "finished")
    assert "You have this run already" in words(rerun(page))
    assert "Open it" not in labels(page)  # it is in sight
    page = press(visit(epochs="2"), "Open it")
    assert page.query_params["run"] == run.id


def test_an_equal_run_of_somebody_else_is_not_called_yours(store):
    # In a class thirty people press Start on one task.
    theirs = make(store, RunConfig(epochs=2), starter="somebody else")
    assert "This run was started here before" in words(visit(epochs="2"))
    press(visit(epochs="2"), "Open it")
    mine = make(store, RunConfig(epochs=2), starter="me")
    newer = make(store, RunConfig(epochs=2), starter="somebody else")
    assert store.find_identical(RunConfig(epochs=2)).id in (theirs.id, newer.id)
    assert store.find_identical(RunConfig(epochs=2), starter="me").id == mine.id


def test_a_run_that_was_changed_by_hand_is_not_called_identical(store):
    run = make(store, RunConfig(epochs=2))
    assert "You have this run already" in words(visit(epochs="2"))
    file = EventFile(run.events_path)
    file.append(RateChanged(20, 2, 1.0, 0.05))
    file.append(run.ended)
    file.close()
    assert "You have this run already" not in words(visit(epochs="2"))


def test_the_form_says_how_it_differs_from_the_run_and_takes_its_settings(store):
    run = make(store, RunConfig(units=64, epochs=2))
    page = visit(run=run.id, units="256", epochs="2")
    assert "The form differs from this run: Units 256 (run: 64)." in words(page)
    assert "Differs from the run shown: Units." in words(page)
    press(page, "Use these settings")
    assert slider(page, "Units").value == 64
    assert "differs from" not in words(page).lower()
    assert "Use these settings" not in labels(page)


def test_in_an_assignment_only_the_free_knobs_are_taken_from_a_run(store):
    run = make(store, RunConfig(units=256, epochs=2, batch_size=128))
    kept = checked("How fast?", ("units",), RunConfig(units=64, epochs=2), Asked())
    made = AssignmentStore(store.home).create(kept, "the teacher")
    page = press(visit(assignment=made.id, run=run.id), "Use these settings")
    assert slider(page, "Units").value == 256
    assert "Batch size 32 (run: 128)" in words(page)
    assert "This assignment fixes" not in words(page)
    assert "Use these settings" not in labels(page)  # nothing is left that the student can take


def test_nothing_is_said_about_the_knobs_of_a_network_that_was_opened_from_a_file(store):
    run = store.create(RunConfig(units=64, epochs=2), foreign=True)
    EventFile(run.events_path).append(RunEnded("finished", "", 1.0, 0))
    page = visit(run=store.write(run.id, imported=True).id, units="256")
    assert "iffers from" not in words(page)
    assert "Use these settings" not in labels(page)

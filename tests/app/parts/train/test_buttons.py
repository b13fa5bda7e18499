"""The buttons of a run on Train: what each of them does, and for whom."""

import os
import time

import pytest

from core.config.run_config import RunConfig
from core.errors import RunError
from core.runs.control import ControlReader, ControlRequests
from core.runs.events import RateChanged, RunEnded, Started
from core.runs.timeline import EventFile
from pages.shared import caches
from tests.app.train_page import labels, press, rerun, visit, words
from tests.made_runs import make
from tests.small_run import wait_until


def test_pause_step_go_on_and_stop(store):
    page = press(visit(epochs="400"), "Start")
    (run,) = [run for run in store.runs() if not run.shipped]
    wait_until(lambda: len(run.epochs) > 1)
    press(rerun(page), "Pause")
    wait_until(lambda: run.state == "paused")
    epochs = len(run.epochs)
    press(rerun(page), "One epoch")
    wait_until(lambda: len(run.epochs) == epochs + 1 and run.state == "paused")
    assert progress(rerun(page)).startswith(f"**Paused after epoch {epochs + 1} of 400**")
    press(rerun(page), "Continue")
    wait_until(lambda: run.state == "running")
    press(rerun(page), "Stop")
    wait_until(lambda: run.state == "stopped")
    assert {"Resume", "Restart"} <= labels(rerun(page))
    assert not links(page)  # this worker kept no network


def test_a_worker_learns_that_somebody_watches_its_run(store):
    page = press(visit(epochs="400"), "Start")
    (run,) = [run for run in store.runs() if not run.shipped]
    wait_until(lambda: run.state == "running" and run.epochs)
    rerun(page)
    assert ControlReader(run).is_watched()


def test_a_run_whose_gpu_is_missing_says_how_to_train_it_on_another_device(store):
    run = make(store, RunConfig(epochs=2, device="gpu:1"), outcome="stopped")
    page = visit(run=run.id)
    for button in ("Resume", "Restart"):
        press(page, button)
        assert "This machine has no GPU, so there is no gpu:1. Choose auto or cpu." in words(page)
        assert 'click "Use these settings"' in words(page)
    assert run.state == "stopped"
    press(page, "Use these settings")
    assert next(box for box in page.selectbox if box.label == "Device").value == "gpu:1"


def test_a_stopped_run_whose_weights_are_kept_can_be_drawn_with_and_evaluated(store):
    # It said that they are kept, and led nowhere.
    run = make(store, RunConfig(epochs=2), outcome="stopped")
    run.model_path.write_bytes(b"a network")
    assert links(visit(run=run.id)) == {"Draw a digit", "Evaluate"}


@pytest.mark.parametrize("outcome", ["finished", "stopped"])
def test_a_run_that_was_added_cannot_continue(store, outcome):
    """A download has no weights of single epochs: "Resume" trained it from the beginning, "More epochs" was refused."""
    run = store.write(make(store, RunConfig(epochs=2), outcome=outcome).id, imported=True)
    offered = labels(visit(run=run.id))
    assert "Restart" in offered
    assert not offered & {"Resume", "One epoch", "Train 5 more epochs"}
    for continued in (caches.jobs().resume, caches.jobs().step) if outcome == "stopped" else ():
        with pytest.raises(RunError, match="has no saved epoch from which it could continue"):
            continued(run.id)
    assert "Train 5 more epochs" in labels(visit(run=make(store, RunConfig(epochs=2)).id))


def test_a_run_that_begins_in_the_moment_of_the_click_is_stopped(store, monkeypatch):
    monkeypatch.setattr(caches.jobs().place, "send", lambda run, kind: None)
    page = press(visit(), "Start")
    (run,) = [run for run in store.runs() if not run.shipped]
    remove = next(button for button in page.button if button.label == "Remove from queue")
    lock = begin(run)
    press(page, "Remove from queue")
    assert ControlRequests(run).read()["stop"]
    stop = next(button for button in rerun(page).button if button.label == "Stop")
    assert stop.id == remove.id  # a click on its way reaches the button also if the page was drawn in between
    lock.release()


def begin(run):
    """Takes a waiting run, as a worker does."""
    lock = run.lock
    assert lock.acquire({"pid": os.getpid(), "since": time.time(), "after": 0})
    run.queued_path.unlink()
    return lock


def links(page):
    return {link.proto.label for link in page.get("page_link")} & {"Draw a digit", "Evaluate"}


def progress(page):
    return next(bar.proto.text for bar in page.get("progress"))


def test_the_rate_in_force_is_where_the_next_one_is_set_from(store):
    page = press(visit(epochs="400", learning_rate="0.002"), "Start")
    (run,) = [run for run in store.runs() if not run.shipped]
    wait_until(lambda: len(run.epochs) > 1)
    assert rate_box(rerun(page)).value == "0.002"
    rate_box(page).set_value("0,05")  # as many people write it
    press(rerun(page), "Set")
    assert "0.05 is set after the present step" in words(page)
    file = EventFile(run.events_path)  # as a worker writes it; this one learns nothing
    file.append(RateChanged(run.step, len(run.epochs) + 1, 1.0, 0.05))
    file.close()
    assert rate_box(rerun(page)).value == "0.05"
    assert "Set to 0.05 in epoch" in words(page)
    assert rate_box(visit(run=run.id)).value == "0.05"  # after a reload, and for everybody
    rate_box(page).set_value("fast")
    press(rerun(page), "Set")
    assert "learning_rate must be a number" in words(page)


def rate_box(page):
    return next(box for box in page.text_input if box.label == "New learning rate")


def test_an_interrupted_run_can_be_resumed(store):
    run = store.create(RunConfig(epochs=3), name="cut short")
    file = EventFile(run.events_path)
    file.append(Started(1.0, "CPU", 10, 100, 10, 4, 3))
    file.close()
    page = visit(run=run.id)
    assert "Interrupted" in words(page)
    assert "Resume starts from the beginning." in words(page)
    press(page, "Resume")
    wait_until(lambda: run.state == "finished")


def test_a_copy_that_was_trained_on_personal_digits_has_its_note_and_no_buttons_that_refuse(store):
    run = store.create(RunConfig(), name="My hand")
    run.model_path.write_bytes(b"weights")
    file = EventFile(run.events_path)  # as `save_copy` writes it
    file.append(Started(1.0, "beside the dashboard", 10, 100, 0, 0, 4))
    file.append(RunEnded("finished", "", 2.0, 4, fit_seconds=1.0))
    file.close()
    store.update(run.id, note="A copy that was taught 12 digits of my hand.")
    page = visit(run=run.id)
    assert "A copy that was taught 12 digits of my hand." in [text.value for text in page.text]
    assert "Restart" not in labels(page)
    assert not [label for label in labels(page) if "more epoch" in label]
    assert "Network (.keras)" in [button.proto.label for button in page.get("download_button")]

"""What Train says about a run: whom it waits for, and its figure on the test set."""

import re

from core.devices import device_slot
from core.evaluation import evaluations, seal
from core.files import Lock
from pages.shared import caches
from tests.app.train_page import labels, press, rerun, visit, wait_until, words
from tests.known_run import Oracle, known_run


def test_a_paused_run_is_not_shown_as_training_and_its_owner_learns_that_somebody_waits(store):
    ada = press(visit(epochs="500"), "Start")
    (first,) = [run for run in store.runs() if not run.shipped]
    wait_until(lambda: first.state == "running")
    press(rerun(ada), "Pause")
    wait_until(lambda: first.state == "paused")
    assert "Somebody waits" not in words(rerun(ada))
    bob = press(visit(epochs="3"), "Start")
    page_text = words(rerun(bob))
    assert "is paused and uses it" in page_text
    assert "Now training" not in page_text
    assert any(link.proto.label.startswith("Paused: dense") for link in bob.get("page_link"))
    assert "Somebody waits for the device" in words(rerun(ada))
    assert "Somebody waits" not in words(visit(run=first.id))  # one who looks on cannot press Go on


def test_a_second_visitor_sees_whose_turn_it_is_and_cannot_stop_the_first(store):
    ada = press(visit(epochs="500"), "Start")
    (first,) = [run for run in store.runs() if not run.shipped]
    wait_until(lambda: first.state == "running")
    bob = visit(epochs="3")
    press(bob, "Start")
    second = next(run for run in store.runs() if run.id != first.id and not run.shipped)
    assert "next in the queue" in words(rerun(bob))
    bob_on_first = visit(run=first.id)
    stop = next(button for button in bob_on_first.button if button.label == "Stop")
    assert stop.disabled
    press(rerun(bob), "Remove from queue")
    assert [run.id for run in store.runs() if not run.shipped] == [first.id]
    press(rerun(bob), "Put it back")
    assert "next in the queue" in words(rerun(bob))
    assert store.get(second.id).state == "waiting"
    assert "Put it back" not in labels(bob)
    press(rerun(bob), "Remove from queue")
    assert second.id not in {run.id for run in store.runs()}
    press(rerun(ada), "Stop")
    wait_until(lambda: first.state == "stopped")


def test_the_test_figure_is_shown_once_the_test_set_was_opened(store):
    run = known_run(store, caches.data())
    assert figure_on_test(run) == "sealed"
    seal.open_test_set(run)
    assert figure_on_test(run) is None  # nobody has asked the network yet
    evaluations.predict_split(run, "test", caches.data(), lambda: Oracle(caches.data().test.labels, 10))
    assert figure_on_test(run) == "90.00%"


def figure_on_test(run) -> str | None:
    facts = " ".join(block.proto.body for block in visit(run=run.id).get("html"))
    found = re.search(r"<span>Test</span><b>(.*?)</b>", facts)
    return found and found[1]


def test_a_run_with_nobody_before_it_says_what_it_waits_for(store, monkeypatch):
    monkeypatch.setattr(caches.jobs().place, "send", lambda run, kind: None)
    page = press(visit(), "Start")
    assert "Starting a training process" in words(page)
    device = Lock(store.device_path(device_slot("auto")))
    assert device.acquire({"run": "another program's"})
    assert "another program on this machine uses it" in words(rerun(page))
    device.release()

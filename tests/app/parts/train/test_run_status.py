"""What Train says about a run: whom it waits for, and its figure on the test set."""

import re

import pytest

from core.config.run_config import RunConfig
from core.evaluation import evaluation_cache, evaluations, seal
from core.jobs import slots
from core.runs.events import RunEnded
from core.runs.timeline import EventFile
from pages.shared import caches
from tests.app.train_page import html, labels, press, rerun, visit, words
from tests.known_run import Oracle, known_run
from tests.made_runs import make
from tests.small_run import wait_until
from tests.stand_in_gpus import installed


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


@pytest.mark.parametrize(
    ("knobs", "name"),
    [({"validate_on": "test"}, "Test, on 10,000 images of another data set"),
     ({"validate_on": "none"}, "Test, on images of another data set")],
)  # fmt: skip
def test_a_figure_of_another_data_set_says_so(store, knobs, name):
    run = make(store, RunConfig(**knobs), test=0.978)
    assert "<span>Test</span><b>97.80%</b>" in html(visit(run=run.id))
    store.write(run.id, data={"fingerprint": "0" * 16, "names": list("0123456789")})
    assert f"<span>{name}</span><b>97.80%</b>" in html(visit(run=run.id))


def test_a_figure_that_a_visitor_measured_on_other_images_says_so(store):
    data = caches.data()
    run = known_run(store, data)
    seal.open_test_set(run)
    evaluations.predict_split(run, "test", data, lambda: Oracle(data.test.labels, 10))
    path = run.folder / "evaluations" / "test-final.json"
    path.write_text(path.read_text().replace(evaluation_cache.fingerprint(data.test), "0" * 16))
    number = f"{len(data.test):,}"
    assert f"<span>Test, on {number} images of another data set</span><b>90.00%</b>" in html(visit(run=run.id))


def figure_on_test(run) -> str | None:
    facts = html(visit(run=run.id))
    found = re.search(r"<span>Test</span><b>(.*?)</b>", facts)
    return found and found[1]


def test_a_run_with_nobody_before_it_says_what_it_waits_for(store, monkeypatch):
    monkeypatch.setattr(caches.jobs().place, "send", lambda run, kind: None)
    page = press(visit(), "Start")
    assert "Starting a training process" in words(page)
    device = slots.lock(store, slots.slots_for("auto")[0])
    assert device.acquire({"run": "another program's"})
    assert "another program on this machine uses it" in words(rerun(page))
    device.release()


def test_with_two_gpus_the_form_offers_each_and_a_waiting_run_names_only_what_it_waits_for(store):
    with installed(2) as patch:
        patch.setenv("STAND_IN_EPOCH_SECONDS", "0.2")  # the run of Ada must last until Bob and Eve have started theirs
        ada = visit(epochs="500", device="gpu:0")
        assert next(box for box in ada.selectbox if box.label == "Device").options == [
            "auto", "cpu", "gpu", "gpu:0", "gpu:1",
        ]  # fmt: skip
        press(ada, "Start")
        (first,) = [run for run in store.runs() if not run.shipped]
        wait_until(lambda: first.state == "running")
        page_text = words(rerun(ada)) + html(ada)
        assert "Stand-in A (80 GiB), gpu:0" in page_text
        assert "1.0 of 80 GiB" in page_text
        bob = press(visit(epochs="500", device="gpu:0"), "Start")
        assert "next in the queue" in words(rerun(bob))
        eve = press(visit(epochs="500", device="cpu"), "Start")
        assert "Waiting for the device" not in words(rerun(eve))
        for page in (bob, ada, eve):
            press(rerun(page), "Remove from queue" if "Remove from queue" in labels(page) else "Stop")
        wait_until(lambda: not store.active())


def test_a_gpu_of_a_link_that_does_not_exist_here_is_a_sentence(store):
    with installed(1):
        page = visit(device="gpu:3", epochs="2")
        assert "One value of the link cannot be used. All others are set. This machine has no gpu:3." in words(page)
        assert next(box for box in page.selectbox if box.label == "Device").value == "auto"


def test_a_network_from_a_file_is_not_said_to_have_trained_here(store):
    """It was "Finished after 0 epochs and 0.0 s of training"."""
    run = store.create(RunConfig(), name="theirs")
    store.update(run.id, note="Opened from a file.")
    file = EventFile(run.events_path)
    file.append(RunEnded("finished", "", 9.0, 0))
    file.close()
    run.model_path.write_bytes(b"a network")
    page = visit(run=run.id)
    assert [each.value for each in page.text] == ["Opened from a file."]
    assert "Finished" not in words(page)

"""Whose turn it is: one run on each device, and what is withdrawn or gives way."""

import os
import threading
import time

import pytest

from core.classroom.visitors import Visitor
from core.jobs import queue
from core.jobs.queue import share_by_address
from core.jobs.scheduler import fair_order
from core.runs.control import ControlRequests
from tests.no_place import NoPlace
from tests.small_run import wait_until
from tests.unit.jobs.stand_in import LONG, SHORT


def test_one_run_a_device_and_the_rest_wait(jobs):
    first = jobs.submit(LONG)
    wait_until(lambda: first.state == "running")
    second = jobs.submit(SHORT)
    time.sleep(0.6)
    assert second.state == "waiting"
    assert [run.id for run in jobs.queue()] == [second.id]
    jobs.stop(first.id)
    wait_until(lambda: second.state == "finished")
    assert first.state == "stopped"


def test_turns_are_fair(store):
    # Ada starts five, then Bob comes with one: he need not wait for all of hers.
    made = {name: store.create(SHORT, starter=name[0], queued=True) for name in ("a1", "a2", "a3", "b1", "b2", "c1")}
    names = {run.id: name for name, run in made.items()}
    ordered = [names[run.id] for run in fair_order(list(made.values()), busy=["a"])]
    assert ordered == ["b1", "c1", "a1", "b2", "a2", "a3"]


def test_turns_are_fair_also_on_one_device_that_is_free_between_two_runs(store):
    place = NoPlace()
    place.free = lambda: {"cpu": 1}
    waiting = queue.RunQueue(store, place)
    many = [store.create(SHORT, starter="ada", queued=True) for _ in range(3)]
    began = []
    for came in (None, "bob", "cleo", None, None):  # who comes while the run before trains
        ((run, _),) = waiting.due()
        run.queued_path.unlink()  # it begins, and has ended before the next look
        began.append(run.starter)
        if came:
            store.create(SHORT, starter=came, queued=True)
    assert began == ["ada", "ada", "bob", "cleo", "ada"]
    assert len(many) == began.count("ada")


def test_a_waiting_run_can_be_withdrawn_and_comes_back_with_undo(jobs, store):
    first = jobs.submit(LONG)
    wait_until(lambda: first.state == "running")
    waiting = jobs.submit(SHORT)
    jobs.stop(waiting.id)
    assert jobs.queue() == []
    assert store.restore(waiting.id).state == "waiting"


def test_a_run_is_withdrawn_for_good_though_a_worker_was_about_to_take_it(jobs, store):
    first = jobs.submit(LONG)
    wait_until(lambda: first.state == "running")
    waiting = jobs.submit(SHORT)
    claimable = []
    about_to = waiting.lock
    assert about_to.acquire({"pid": 0})  # as a worker does before it looks whether the run still waits

    def look_and_let_go() -> None:
        time.sleep(0.3)
        claimable.append((waiting.folder / "queued").exists())
        about_to.release()

    worker = threading.Thread(target=look_and_let_go)
    worker.start()
    jobs.stop(waiting.id)
    worker.join()
    assert claimable == [False]
    assert waiting.id not in {run.id for run in store.runs()}
    assert store.restore(waiting.id).state == "waiting"


def test_a_run_that_was_resumed_and_withdrawn_is_what_it_was(jobs):
    first = jobs.submit(LONG)
    wait_until(lambda: len(first.epochs) > 1)
    jobs.stop(first.id)
    wait_until(lambda: first.state == "stopped")
    other = jobs.submit(LONG)
    wait_until(lambda: other.state == "running")
    jobs.resume(first.id)
    assert first.state == "waiting"
    jobs.stop(first.id)
    assert first.state == "stopped"


def test_a_paused_run_makes_room_for_others_after_a_while_but_not_for_its_starters_own(jobs, monkeypatch):
    # One who paused and went home would stop a whole class: only the starter may steer a run.
    monkeypatch.setattr(queue, "MAX_PAUSE_SECONDS", 0.5)
    paused = jobs.submit(LONG, starter="ada")
    wait_until(lambda: paused.state == "running")
    jobs.pause(paused.id, visitor=Visitor("ada"))
    wait_until(lambda: paused.state == "paused")
    own = jobs.submit(SHORT, starter="ada")
    time.sleep(1.0)
    assert (paused.state, own.state) == ("paused", "waiting")
    assert not jobs.is_blocking_others(paused)
    other = jobs.submit(SHORT, starter="bob")
    assert jobs.is_blocking_others(paused)
    time.sleep(0.2)
    assert paused.state == "paused"  # bob has only just come
    wait_until(lambda: other.state == "finished")
    assert paused.state == "stopped"
    jobs.resume(paused.id, visitor=Visitor("ada"))
    wait_until(lambda: paused.state == "running")  # what was wished of it before is forgotten


@pytest.mark.slow
def test_a_paused_run_gives_way_also_after_the_clock_was_set_back(jobs, store, monkeypatch):
    first = jobs.submit(LONG, starter="a")
    wait_until(lambda: first.state == "running")
    jobs.pause(first.id)
    wait_until(lambda: first.state == "paused")
    future = time.time() + 3600
    os.utime(first.events_path, (future, future))
    monkeypatch.setattr(queue, "MAX_PAUSE_SECONDS", 0.5)
    second = jobs.submit(SHORT, starter="b")
    wait_until(lambda: second.state == "finished")
    assert first.state == "stopped"


def test_fifteen_forged_cookies_get_the_turns_of_one_address_and_not_fifteen(store):
    forged = [store.create(SHORT, queued=True, starter=f"forged {number}") for number in range(15)]
    others = [store.create(SHORT, queued=True, starter=f"pupil {number}") for number in range(3)]
    seconds = [store.create(SHORT, queued=True, starter=f"pupil {number}") for number in range(3)]
    addresses = {run.id: "10.0.0.9" for run in forged}
    addresses |= {run.id: f"10.0.0.{number}" for pair in (others, seconds) for number, run in enumerate(pair)}
    waiting = fair_order([*forged, *others, *seconds], [])
    assert waiting[:15] == forged, "without addresses each forged visitor has a turn first"
    shared = share_by_address(waiting, [], addresses, 3)
    first_round, second_round = shared[:6], shared[6:12]
    assert set(first_round) == {*forged[:3], *others}
    assert set(second_round) == {*forged[3:6], *seconds}
    assert share_by_address(waiting, [], addresses, 0) == waiting
    assert share_by_address(waiting, [], {}, 3) == waiting, "visitors without a known address have their own turns"


def test_a_run_that_trains_takes_one_of_its_address_turns(store):
    training = [store.create(SHORT, starter=f"forged {number}") for number in range(3)]
    forged, pupil = (store.create(SHORT, queued=True, starter=name) for name in ("forged 4", "pupil"))
    addresses = {run.id: "10.0.0.9" for run in (*training, forged)}
    assert share_by_address([forged, pupil], training, addresses, 3) == [pupil, forged]


def test_a_run_that_does_not_follow_a_stop_is_killed_after_a_while(store, monkeypatch):
    killed = []
    place = NoPlace()
    place.kill = lambda run: killed.append(run.id)
    hangs, obeys = store.create(LONG), store.create(LONG)
    locks = [run.lock for run in (hangs, obeys)]
    assert all(lock.acquire({"after": 0}) for lock in locks)
    ControlRequests(hangs).stop()
    waiting = queue.RunQueue(store, place)
    monkeypatch.setattr(queue, "HANGING_LOOK_SECONDS", 0.0)
    waiting.kill_those_that_hang()
    assert not killed
    monkeypatch.setattr(queue, "MAX_STOP_SECONDS", 0.0)
    waiting.kill_those_that_hang()
    assert killed == [hangs.id]
    for lock in locks:
        lock.release()

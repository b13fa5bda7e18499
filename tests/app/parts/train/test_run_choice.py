"""Which run Train shows: the visitor's own, the one of the link, and what it says about folders that hold none."""

import time

import pytest

from core.config.run_config import RunConfig
from core.files import Lock
from core.runs.events import Paused, Started
from core.runs.timeline import EventFile
from pages.shared import server_settings, visitor
from tests.app.train_page import press, rerun, visit, words
from tests.made_runs import make


def test_another_run_is_chosen_from_the_list_and_the_first_one_again(store):
    first, second = (store.create(RunConfig(epochs=3), name=name).id for name in ("first", "second"))
    page = visit(run=first)
    for chosen in (second, first, second):
        next(box for box in page.selectbox if box.label == "Run").set_value(chosen)
        for _ in range(2):  # it stays
            rerun(page)
            assert next(box for box in page.selectbox if box.label == "Run").value == chosen
            assert page.query_params["run"] in (chosen, [chosen])


def test_the_list_says_nothing_of_a_run_that_is_wrong_while_it_is_paused(store):
    """It is not drawn again until the run ends, and said "running" beside "Paused in epoch 1"."""
    store.create(RunConfig(), name="another")
    run = store.create(RunConfig(), name="paused")
    file = EventFile(run.events_path)
    file.append(Started(time.time(), "CPU", 1, 10, 0, 1, 3))
    lock = run.lock
    assert lock.acquire({"after": 0})
    file.append(Paused(1, 1, 1.0))
    page = visit(run=run.id)
    assert run.state == "paused"
    (name,) = [text for box in page.selectbox if box.label == "Run" for text in box.options if "paused" in text]
    assert name.endswith("in progress")
    lock.release()


def test_one_who_comes_back_to_a_class_finds_their_own_run(store, monkeypatch):
    # Thirty on one machine: Train opened with the run of somebody else, and one's own was somewhere among a hundred.
    monkeypatch.setattr(visitor, "_secret", b"ada".strip)
    _, mine, theirs = (make(store, starter=by) for by in (visitor.visitor(), visitor.visitor(), "somebody else"))
    page = visit()
    assert page.query_params["run"] == mine.id
    options = next(box for box in page.selectbox if box.label == "Run").options
    assert [" · yours" in option for option in options] == [True, True, False]
    assert visit(run=theirs.id).query_params["run"] == theirs.id
    monkeypatch.setattr(visitor, "_secret", b"a newcomer".strip)
    store.update(theirs.id, name="Theirs")
    newcomer = visit()
    assert "run" not in newcomer.query_params  # nobody else's run, unless it is chosen
    next(box for box in newcomer.selectbox if box.label == "Run").set_value(theirs.id)
    assert rerun(newcomer).query_params["run"] in (theirs.id, [theirs.id])
    never_started = store.create(RunConfig())
    monkeypatch.setattr(visitor, "_secret", b"ada".strip)
    assert visit().query_params["run"] == mine.id, never_started


def test_a_run_of_the_command_line_is_shown_at_once_only_where_one_person_works(store, monkeypatch):
    run = make(store)
    assert visit().query_params["run"] == run.id
    monkeypatch.setattr(server_settings, "is_shared", lambda: True)
    assert "run" not in visit().query_params
    assert visit(run=run.id).query_params["run"] == run.id
    assert "This run was started here before" in words(visit())


def test_a_damaged_run_is_named_and_put_away(store):
    run = store.create(RunConfig())
    (run.folder / "run.json").write_text("{")
    page = visit(run=run.id)
    assert "damaged" in words(page)
    press(page, "Move to the trash")
    assert store.damaged() == {}


@pytest.mark.parametrize("run_id", ["no-such-run", "../../etc/passwd", "<script>"])
def test_a_link_to_a_run_that_is_gone_is_a_sentence(store, run_id):
    assert "There is no run" in words(visit(run=run_id))


def test_a_damaged_run_that_another_visitor_put_away_first_is_simply_gone(store):
    # The page was a traceback for the second of thirty who pressed.
    run = make(store)
    (run.folder / "run.json").write_bytes(b"{")
    ada, bob = visit(), visit()
    press(ada, "Move to the trash")
    press(bob, "Move to the trash")
    assert "is damaged and cannot be shown" not in words(bob)


def test_a_damaged_run_that_still_trains_is_not_put_away_and_says_why(store):
    run = make(store)
    (run.folder / "run.json").write_bytes(b"{")
    lock = Lock(run.folder / "lock")
    assert lock.acquire({})
    page = press(visit(), "Move to the trash")
    assert "is still training" in words(page)
    assert "is still training" not in words(rerun(page))
    lock.release()

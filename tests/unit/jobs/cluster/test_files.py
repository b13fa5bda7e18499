"""How the files of a run travel: live points at once, files whole, the last event last, nothing outside the folder."""

import os

import pytest

from core.errors import RunError
from core.jobs.cluster import travelling
from core.jobs.cluster.inbox import Inbox
from core.jobs.cluster.outbox import Batch, Outbox
from core.jobs.cluster.travelling import Piece
from core.runs.events import BatchDone, RunEnded, to_line
from tests.small_run import SMALL

POINT = to_line(BatchDone(1, 1, 1, 0.1, 1.0, 0.5, 100.0)).encode()
END = to_line(RunEnded("finished", "", 1.0, 1)).encode()


@pytest.fixture
def run(store):
    return store.create(SMALL)


@pytest.fixture
def node(tmp_path):
    folder = tmp_path / "node"
    (folder / "epochs").mkdir(parents=True)
    return folder


def send_all(outbox, run, inbox=None) -> int:
    inbox = inbox or Inbox(run)
    for count in range(1, 100):
        batch = outbox.collect(inbox.offset, with_log=False)
        inbox.take(batch)
        if batch.complete and inbox.offset == outbox.size():
            return count
    raise AssertionError


def test_the_last_event_waits_for_the_network(node, run, monkeypatch):
    monkeypatch.setattr(travelling, "PIECE_BYTES", 10)
    monkeypatch.setattr("core.jobs.cluster.outbox.PIECE_BYTES", 1000)
    (node / "events.jsonl").write_bytes(POINT + END)
    (node / "model.keras").write_bytes(bytes(range(200)) * 20)
    outbox, inbox = Outbox(node, {}), Inbox(run)
    first = outbox.collect(0, with_log=False)
    assert first.events == POINT
    assert not first.complete
    inbox.take(first)
    assert not run.has_model  # a part of it is not shown
    send_all(outbox, run, inbox)
    assert run.read_model() == bytes(range(200)) * 20
    assert run.events_path.read_bytes() == POINT + END
    assert not list(run.folder.glob(".*"))


def test_a_file_keeps_its_time_and_is_sent_once_until_it_changes(node, run):
    (node / "state.npz").write_bytes(b"first")
    os.utime(node / "state.npz", ns=(10**18, 10**18))
    outbox = Outbox(node, {})
    send_all(outbox, run)
    assert run.state_path.stat().st_mtime_ns == 10**18  # kept evaluations name it
    assert not outbox.collect(0, with_log=False).pieces
    assert not Outbox(node, {"state.npz": 10**18}).collect(0, with_log=False).pieces
    (node / "state.npz").write_bytes(b"second")
    send_all(outbox, run)
    assert run.state_path.read_bytes() == b"second"


def test_what_the_worker_removes_is_removed_but_nothing_else(node, run):
    for name in ("stopped.npz", "epochs/0001.npz", "model.keras"):
        (node / name).write_bytes(b"x")
    outbox = Outbox(node, {})
    send_all(outbox, run)
    for name in ("stopped.npz", "epochs/0001.npz", "model.keras"):
        (node / name).unlink()
    send_all(outbox, run)
    assert not run.stopped_state_path.exists()
    assert run.checkpoint_epochs == []
    assert run.has_model
    facts = run.facts_path.read_bytes()
    Inbox(run).take(Batch(b"", removed=("run.json", "../x", "events.jsonl")))
    assert run.facts_path.read_bytes() == facts


def test_an_event_that_is_still_being_written_waits(node, run):
    (node / "events.jsonl").write_bytes(POINT + POINT[:20])
    assert Outbox(node, {}).collect(0, with_log=False).events == POINT
    assert Outbox(node, {}).collect(len(POINT), with_log=False).events == b""


@pytest.mark.parametrize(
    "name", ["../run.json", "run.json", "/etc/passwd", "epochs/../lock", "epochs/1.npz", "lock", ""]
)
def test_a_file_that_no_run_has_is_refused(run, name):
    with pytest.raises(RunError, match="no run has"):
        Inbox(run).take(Batch(b"", (Piece(name, 1, 0, b"x", True),)))


def test_parts_in_a_wrong_order_are_refused(run):
    inbox = Inbox(run)
    inbox.take(Batch(b"", (Piece("state.npz", 1, 0, b"ab", False),)))
    with pytest.raises(RunError, match="wrong order"):
        inbox.take(Batch(b"", (Piece("state.npz", 1, 5, b"c", True),)))
    inbox.close()
    assert not run.state_path.exists()
    assert not list(run.folder.glob(".*"))


def test_a_file_above_its_bound_is_refused(run, monkeypatch):
    monkeypatch.setattr(travelling, "max_bytes", lambda name: 3)
    inbox = Inbox(run)
    with pytest.raises(RunError, match="larger"):
        inbox.take(Batch(b"", (Piece("state.npz", 1, 0, b"abcd", True),)))
    inbox.close()

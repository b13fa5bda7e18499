"""What a node does when a bridge repeats a call because it got no answer."""

import itertools
import json

import pytest

from core.data.cache import fingerprint
from core.jobs.cluster import node_data
from core.jobs.cluster.remote_run import Assignment, RemoteRun
from core.jobs.cluster.travelling import Piece
from tests.small_run import wait_until
from tests.unit.jobs.stand_in import SHORT, STAND_IN


@pytest.fixture
def node(monkeypatch, embedded):
    monkeypatch.setattr(node_data.mnist, "load", lambda: embedded)
    node = RemoteRun(STAND_IN)
    yield node
    node.end()


def assignment(store, embedded) -> Assignment:
    run = store.create(SHORT, sweep="s")
    return Assignment(
        run.id, run.facts_path.read_bytes(), b"", b"", {}, fingerprint(embedded), "cpu", "lab-1", then_wait=True
    )


def test_a_repeated_begin_does_not_train_the_run_again(store, node, embedded):
    given = assignment(store, embedded)
    assert node.begin(given) == ""
    events = node.home / "runs" / given.run_id / "events.jsonl"
    wait_until(lambda: b"EpochDone" in events.read_bytes())
    assert node.begin(given) == ""
    numbers = itertools.count(1)
    wait_until(lambda: node.exchange(next(numbers), events.stat().st_size, b"").ended, 10.0)
    kinds = [json.loads(line)["event"] for line in events.read_text().splitlines()]
    assert (kinds[0], kinds[-1], kinds.count("Started")) == ("Started", "RunEnded", 1)


def test_a_repeated_piece_of_a_file_is_written_once(node):
    first, second = (Piece("state.npz", 1, start, content, start > 0) for start, content in ((0, b"ab"), (2, b"cd")))
    for piece in (first, first, second, second):
        node.receive("260101-000000-0000", [piece])
    assert (node.home / "runs" / "260101-000000-0000" / "state.npz").read_bytes() == b"abcd"

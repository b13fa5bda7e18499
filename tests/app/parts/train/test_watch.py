"""How often Train looks at a run. Where another machine trains it, a refresh takes nothing from the training."""

import socket
import time

import pytest

from core.runs.events import BatchDone, Started
from core.runs.timeline import EventFile
from pages.parts.train import watch
from tests.small_run import SMALL


@pytest.mark.parametrize(
    ("node", "seconds"),
    [
        ({}, watch.REFRESH_SECONDS),
        ({"node": socket.gethostname()}, watch.REFRESH_SECONDS),
        ({"node": "another-machine"}, watch.AWAY_REFRESH_SECONDS),
    ],
)
def test_a_run_on_another_machine_is_looked_at_more_often(store, node, seconds):
    run = store.create(SMALL)
    file = EventFile(run.events_path)
    file.append(Started(time.time(), "CPU", 1, 10, 0, 1, 3))
    file.append(BatchDone(1, 1, 1, 1.0, 1.0, 0.5, 100.0))
    lock = run.lock
    assert lock.acquire({"after": 0, **node})
    assert watch._refresh_every(run) == seconds
    lock.release()
    assert watch._refresh_every(run) is None

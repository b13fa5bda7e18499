"""Too little memory for a training: what the page says."""

import os
import signal

from core.jobs.recorder import RunRecorder
from core.runs.store import RunStore
from tests.app.train_page import visit, words
from tests.small_run import SMALL


def test_a_training_that_gets_no_memory_fails_in_a_sentence(tmp_path, monkeypatch):
    def too_much(*_: object) -> None:
        raise MemoryError

    store = RunStore(tmp_path)
    run = store.create(SMALL)
    monkeypatch.setattr("core.jobs.recorder.RunFiles.load_data", too_much)
    ended = RunRecorder(store, run.id).run()
    assert ended is not None
    assert (ended.outcome, run.state) == ("failed", "failed")
    assert ended.reason.startswith("The computer ran out of memory. Close other programs, or choose a smaller network")


def test_a_worker_that_the_system_kills_leaves_a_run_that_says_what_may_have_happened(home):
    """As Linux does when memory is short: there is no last word, and the lock is free."""
    store = RunStore(home)
    run = store.create(SMALL, name="killed")
    child = os.fork()
    if child == 0:
        run.lock.acquire({"pid": os.getpid(), "after": 0})
        os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(child, 0)
    try:
        said = words(visit(run=run.id))
        assert "its process was killed" in said
        assert "memory may be short" in said
        assert "Resume starts from the beginning." in said
    finally:
        store.delete(run.id)

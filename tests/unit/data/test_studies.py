"""Work in the background: it starts once, reports progress, can be stopped, and never leaves half a result."""

import json
import time

import numpy as np
import pytest

from core.data import cache, studies
from core.data.studies import Study
from core.files import Lock
from core.subprocess_task import Progress, SubprocessTask
from tests.small_run import wait_until


@pytest.fixture
def own_home(monkeypatch, tmp_path):
    """A home of the test's own, so that nothing has been computed yet."""
    monkeypatch.setenv("DIGIT_LAB_HOME", str(tmp_path))
    return tmp_path


@pytest.mark.slow
def test_a_study_in_a_process_of_its_own_reports_its_progress_and_is_kept(own_home, embedded):
    study = Study("oddities", embedded)
    assert study.result() is None
    study.start()
    assert study.progress().running
    study.start()  # a second click changes nothing
    shares, deadline = [], time.monotonic() + 60
    while (now := study.progress()).running and time.monotonic() < deadline:
        shares.append(now.share)
        time.sleep(0.1)
    assert study.progress().error == ""
    assert shares == sorted(shares)
    assert max(shares) > 0.2
    result = Study("oddities", embedded).result()
    assert result["probabilities"].shape == (5000, 10)
    assert result["probabilities"].sum(axis=1) == pytest.approx(np.ones(5000), abs=1e-4)
    labels = np.concatenate([digits.labels for digits in embedded[:3]])
    assert (result["probabilities"].argmax(axis=1) == labels).mean() > 0.93


def test_a_stopped_study_leaves_nothing_and_can_be_started_again(own_home, embedded):
    study = Study("tsne", embedded)
    study.start()
    study.stop()
    wait_until(lambda: not study.progress().running, 10)
    assert study.result() is None
    assert study.progress().error == ""


def test_a_failure_is_reported_in_words(own_home, embedded, monkeypatch):
    def fail(data, report):
        raise ValueError("the axes are crossed")

    monkeypatch.setitem(studies.STUDIES, "tsne", fail)
    study = Study("tsne", embedded)
    cache.cache_path("tsne", embedded).parent.mkdir(parents=True)
    with pytest.raises(ValueError, match="crossed"):
        studies.execute("tsne", cache.fingerprint(embedded))
    assert study.progress() == Progress(running=False, error="the axes are crossed")
    assert study.result() is None


def test_another_data_set_is_not_studied_in_its_place(own_home, embedded):
    cache.cache_path("tsne", embedded).parent.mkdir(parents=True)
    with pytest.raises(Exception, match="The data set changed before"):
        studies.execute("tsne", "0123456789abcdef")


def test_time_left_follows_from_time_spent(tmp_path):
    work = SubprocessTask(tmp_path / "work")
    (tmp_path / "work.json").write_text(json.dumps({"share": 0.25, "started": time.time() - 10}))
    lock = Lock(tmp_path / "work.lock")
    assert lock.acquire({})
    assert work.progress().seconds_left == pytest.approx(30, abs=1)
    lock.release()
    assert not work.progress().running


def test_a_process_that_was_killed_is_reported(tmp_path):
    (tmp_path / "work.json").write_text(json.dumps({"share": 0.25, "started": time.time() - 10}))
    assert "ended before it was finished" in SubprocessTask(tmp_path / "work").progress().error


def test_a_process_that_cannot_begin_is_reported(tmp_path):
    work = SubprocessTask(tmp_path / "work")
    work.start("core.no_such_module")
    assert "could not start" in work.progress().error
    assert b"no_such_module" in (tmp_path / "work.log").read_bytes()

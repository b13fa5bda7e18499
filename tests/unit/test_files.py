"""A file is complete at any moment, even if its writer is killed; a full disk gives a sentence."""

import errno
import json
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from core import files
from core.errors import RunError
from tests.conftest import ROOT


def test_a_lock_that_a_full_disk_does_not_take_is_free_again(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    lock = files.Lock(tmp_path / "lock")
    monkeypatch.setattr(files.os, "pwrite", full)
    with pytest.raises(RunError, match="full"):
        lock.acquire({"pid": 1})
    assert lock.holder() is None
    monkeypatch.undo()
    assert lock.acquire({"pid": 1})
    lock.release()


def test_two_threads_that_write_one_file_at_a_time_leave_one_of_the_two(tmp_path):
    path, both = tmp_path / "run.json", threading.Barrier(2, timeout=5)

    def content(letter):
        def write(file):
            both.wait()
            file.write(letter * 1000)
            both.wait()

        return write

    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(files.write_atomic, path, content(letter)) for letter in (b"a", b"b")]:
            done.result()
    assert path.read_bytes() in (b"a" * 1000, b"b" * 1000)
    assert [found.name for found in tmp_path.iterdir()] == ["run.json"]


def test_a_writer_killed_at_any_moment_leaves_the_old_file_or_the_new_one(tmp_path):
    path = tmp_path / "run.json"
    script = (
        "import sys\nfrom pathlib import Path\nfrom core.files import write_json\nn = 0\n"
        "while True:\n    n += 1\n    write_json(Path(sys.argv[1]), {'n': n, 'filling': 'x' * 50000})\n"
    )
    for pause in (0.25, 0.31, 0.37):
        process = subprocess.Popen([sys.executable, "-c", script, str(path)], cwd=ROOT)
        time.sleep(pause)
        process.kill()
        process.wait()
        assert not path.exists() or len(json.loads(path.read_bytes())["filling"]) == 50000

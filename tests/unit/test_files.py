"""A file is complete at any moment, even if its writer is killed; a full disk gives a sentence."""

import json
import os
import stat
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from core import files
from core.config.run_config import RunConfig
from core.errors import RunError
from core.runs.store import RunStore
from tests.conftest import ROOT
from tests.faults.system import fill_disk


def test_a_lock_that_a_full_disk_does_not_take_is_free_again(tmp_path, monkeypatch):
    lock = files.Lock(tmp_path / "lock")
    fill_disk(monkeypatch, "pwrite")
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


WRITER = """
import sys
from pathlib import Path
from core.config.run_config import RunConfig
from core.runs.store import RunStore
store = RunStore(Path(sys.argv[1]))
for number in range(60):
    store.write(sys.argv[2], **{sys.argv[3]: number})
"""


def test_two_processes_that_write_facts_of_one_run_lose_none(tmp_path):
    store = RunStore(tmp_path)
    run = store.create(RunConfig())
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path), run.id, name], cwd=ROOT) for name in ("a", "b")
    ]
    assert [writer.wait(60) for writer in writers] == [0, 0]
    facts = json.loads((run.folder / "run.json").read_text())
    assert (facts["a"], facts["b"]) == (59, 59)


def test_a_temporary_file_that_is_a_link_is_replaced_and_not_followed(tmp_path):
    private = tmp_path / "private"
    private.write_text("private")
    name = f".x.json.{os.getpid()}-{threading.get_ident()}.new"
    (tmp_path / name).symlink_to(private)
    files.write_json(tmp_path / "x.json", 1)
    assert private.read_text() == "private"
    assert files.read_json(tmp_path / "x.json") == 1


def test_what_a_killed_writer_left_is_removed_after_an_hour(tmp_path):
    old, new, kept = tmp_path / ".a.npz.1-1.new", tmp_path / ".b.npz.1-1.new", tmp_path / "c.npz"
    for path in (old, new, kept):
        path.touch()
    os.utime(old, (1, 1))
    os.utime(kept, (1, 1))
    files.remove_temporary_files(tmp_path)
    assert [path.exists() for path in (old, new, kept)] == [False, True, True]


def test_a_promise_survives_a_power_cut(tmp_path, monkeypatch):
    synced: list[bool] = []
    monkeypatch.setattr(files.os, "fsync", lambda file: synced.append(stat.S_ISDIR(os.fstat(file).st_mode)))
    files.write_json(tmp_path / "x.json", 1)
    assert synced == [False, True]  # the file, then the folder that names it


@pytest.mark.parametrize("content", [b"5", b"[1]", b'"x"', b"[" * 4000, b"NaN", b""])
def test_a_lock_that_holds_no_object_is_held_by_somebody_unknown(tmp_path, content):
    lock = files.Lock(tmp_path / "lock")
    assert lock.acquire({})
    (tmp_path / "lock").write_bytes(content)
    assert files.Lock(tmp_path / "lock").holder() == {}
    lock.release()

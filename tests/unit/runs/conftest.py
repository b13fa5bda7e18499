"""What the tests of this folder share."""

import subprocess
import sys

import pytest

from tests.conftest import ROOT

HOLDER = """
import sys, time
from pathlib import Path
from core.files import Lock
assert Lock(Path(sys.argv[1])).acquire({"after": int(sys.argv[2])})
print("held", flush=True)
time.sleep(60)
"""


@pytest.fixture
def hold_lock():
    """Lets another process hold the lock of a run, as a worker does."""
    processes = []

    def hold(run) -> subprocess.Popen:
        size = run.events_path.stat().st_size if run.events_path.exists() else 0
        command = [sys.executable, "-c", HOLDER, str(run.folder / "lock"), str(size)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT)
        assert process.stdout.readline() == b"held\n"
        processes.append(process)
        return process

    yield hold
    for process in processes:
        process.kill()
        process.wait()
        process.stdout.close()

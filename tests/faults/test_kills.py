"""Workers killed at random moments: no run is lost, and each ends bit for bit as if nothing had happened."""

import os
import subprocess
import sys

import pytest

from tests.conftest import ROOT


@pytest.mark.slow
def test_runs_whose_workers_are_killed_at_random_moments_end_bit_for_bit_the_same():
    ended = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.kill_loop", "--rounds", "8", "--epochs", "25"],
        cwd=ROOT, env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}, capture_output=True, text=True, timeout=240,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stdout[-1000:] + ended.stderr[-3000:]
    assert "runs lost 0, unreadable 0" in ended.stdout
    assert "end bit for bit like a run that was never ended" in ended.stdout

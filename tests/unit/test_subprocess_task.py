"""Processes of the project find `core` and the data wherever they start."""

import os
import subprocess
import sys

from core.home import home
from core.subprocess_task import child_environment


def test_a_child_finds_core_from_another_working_directory(tmp_path):
    """Also where Python does not search the working directory."""
    environment = child_environment(PYTHONSAFEPATH="1")
    command = [sys.executable, "-c", "import core.errors"]
    assert subprocess.run(command, cwd=tmp_path, env=environment).returncode == 0


def test_relative_paths_become_absolute(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DIGIT_LAB_HOME", "lab")
    monkeypatch.setenv("MNIST_PATH", "data/mnist.npz")
    environment = child_environment()
    assert home() == tmp_path / "lab"
    assert environment["DIGIT_LAB_HOME"] == str(tmp_path / "lab")
    assert environment["MNIST_PATH"] == str(tmp_path / "data/mnist.npz")


def test_what_is_not_set_stays_so_and_changes_win(monkeypatch):
    monkeypatch.delenv("MNIST_PATH", raising=False)
    monkeypatch.setenv("PYTHONPATH", "/somewhere")
    environment = child_environment(DIGIT_LAB_HOME="/elsewhere")
    assert "MNIST_PATH" not in environment
    assert environment["DIGIT_LAB_HOME"] == "/elsewhere"
    assert environment["PYTHONPATH"].split(os.pathsep)[1] == "/somewhere"

"""What a process that trains sets before it imports Keras."""

import os
import subprocess
import sys

import pytest

from core import process_settings
from tests.conftest import ROOT


def test_the_users_own_settings_win(monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "tensorflow")
    monkeypatch.setenv("XLA_FLAGS", "--xla_cpu_prefer_vector_width=256")
    monkeypatch.setenv("XLA_PYTHON_CLIENT_PREALLOCATE", "true")
    process_settings.apply()
    process_settings.apply()
    assert os.environ["XLA_FLAGS"] == "--xla_cpu_prefer_vector_width=512 --xla_cpu_prefer_vector_width=256"
    assert os.environ["XLA_PYTHON_CLIENT_PREALLOCATE"] == "true"


@pytest.mark.slow
def test_importing_a_module_changes_no_setting_of_the_process():
    code = (
        "import os; before = dict(os.environ); import core.devices.computing, core.training.engine_tensorflow; "
        "assert 'XLA_FLAGS' not in set(os.environ) - set(before); assert 'XLA_PYTHON_CLIENT_PREALLOCATE' not in "
        "os.environ"
    )
    clean = {name: value for name, value in os.environ.items() if not name.startswith("XLA_")}
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=clean, check=True, timeout=120)

"""The same modules on Keras' JAX backend: in a process of its own, because a process has one backend."""

import os
import subprocess
import sys

import pytest

from tests.conftest import ROOT

FILES = [f"tests/unit/training/{name}.py" for name in ("on_jax", "test_engine", "test_engine_callbacks", "test_pack")]
# An optimiser with its short batch, a norm with its own, dropout, validation with a callback, and seeds in one call.
CHOSEN = "on_jax or adamw or conv4x5 or keras_does_with_the_same or early_stopping or (pack and (cosine or ends_early))"


@pytest.mark.slow
def test_the_engine_and_a_whole_run_on_jax_do_as_on_tensorflow():
    pytest.importorskip("jax")
    quick_to_compile = "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true"
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-p",
            "tests.unit.training.without_tensorflow",
            "-x",
            "-n",
            "0",
            *FILES,
            "-k",
            CHOSEN,
        ],
        cwd=ROOT,
        env={**os.environ, "KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu", "XLA_FLAGS": quick_to_compile},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout[-3000:]
    assert "14 passed" in done.stdout, done.stdout[-300:]

"""The same engine on Keras' JAX backend: a process of its own, because a process has one backend."""

import os
import subprocess
import sys

import pytest

from tests.conftest import ROOT

# An optimiser with its short batch, a norm with its own, dropout, and validation with a callback.
CHOSEN = "adamw or conv4x5 or keras_does_with_the_same or early_stopping"

TRAINS = """
import keras, numpy as np
from core import mnist, models
from core.config import RunConfig
from core.predict import Predictor
from core.training import train

assert keras.backend.backend() == "jax"
data = mnist.embedded()
data = data._replace(train=data.train[:1000], validation=data.validation[:200], test=data.test[:200])
config = RunConfig(units=32, dropout=0.2, epochs=4, schedule="cosine")
kept, seen, glimpsed = [], [], []
whole = train(config, data, seen.append, keep=kept.append, glimpse=glimpsed.append)
again = train(config, data, seen.append, resume=kept[1])
assert all(np.array_equal(a, b) for a, b in zip(whole.model.get_weights(), again.model.get_weights())), "resume"
assert whole.ended.validation_accuracy > 0.6, whole.ended
models.save(whole.model, "{path}")
answers = Predictor("{path}").probabilities(data.test.images)
np.testing.assert_allclose(answers, whole.model.predict(data.test.images, verbose=0), atol=1e-5)
"""


def in_jax(*command: str) -> subprocess.CompletedProcess[str]:
    quick_to_compile = "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true"
    environment = {**os.environ, "KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu", "XLA_FLAGS": quick_to_compile}
    return subprocess.run(
        [sys.executable, *command], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300
    )


@pytest.fixture(scope="module", autouse=True)
def _jax():
    pytest.importorskip("jax")


def test_the_engine_on_jax_trains_as_stock_keras_does():
    done = in_jax("-m", "pytest", "-q", "-x", "-n", "0", "tests/unit/test_engine.py", "-k", CHOSEN)
    assert done.returncode == 0, done.stdout[-3000:]


def test_a_run_on_jax_trains_resumes_saves_and_predicts(tmp_path):
    done = in_jax("-c", TRAINS.replace("{path}", str(tmp_path / "model.keras")))
    assert done.returncode == 0, done.stderr[-3000:]

"""What only a process of Keras' JAX backend can test; `test_engine_jax` starts one and runs this in it."""

import keras
import numpy as np

from core import models
from core.config import RunConfig
from core.predict import Predictor
from core.training import train


def test_a_run_trains_resumes_saves_and_predicts(tiny_mnist, tmp_path):
    assert keras.backend.backend() == "jax"
    config = RunConfig(units=32, dropout=0.2, epochs=4, schedule="cosine")
    kept, seen, glimpsed = [], [], []
    whole = train(config, tiny_mnist, seen.append, keep=kept.append, glimpse=glimpsed.append)
    again = train(config, tiny_mnist, seen.append, resume=kept[1])
    for one, other in zip(whole.model.get_weights(), again.model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    assert whole.ended.validation_accuracy > 0.6
    models.save(whole.model, tmp_path / "model.keras")
    answers = Predictor(tmp_path / "model.keras").probabilities(tiny_mnist.test.images)
    np.testing.assert_allclose(answers, whole.model.predict(tiny_mnist.test.images, verbose=0), atol=1e-5)

"""The backend of Keras: one that the engine knows and that is installed, or a sentence. It was a traceback."""

import pytest

from core.errors import DeviceError
from core.training import keras_import


@pytest.mark.parametrize(
    ("backend", "installed", "sentence"),
    [
        ("torch", ("tensorflow", "torch"), "KERAS_BACKEND must be tensorflow or jax. Change it, or do not set it."),
        (
            "jax",
            ("tensorflow",),
            "Keras needs jax, which is not installed. Install it, or set KERAS_BACKEND=tensorflow.",
        ),
        ("", ("jax",), "Keras needs tensorflow, which is not installed. Install it, or set KERAS_BACKEND=jax."),
    ],
)
def test_a_backend_that_cannot_train_is_refused(monkeypatch, backend, installed, sentence):
    monkeypatch.setenv("KERAS_BACKEND", backend)
    monkeypatch.setattr(keras_import, "find_spec", lambda name: name if name in installed else None)
    with pytest.raises(DeviceError) as refused:
        keras_import.import_keras()
    assert refused.value.sentence == sentence

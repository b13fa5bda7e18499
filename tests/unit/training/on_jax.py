"""What only a process of Keras' JAX backend can test; `test_engine_jax` starts one and runs this in it.

That process has no TensorFlow: JAX is all that a machine needs.
"""

import json
import sys

import keras
import numpy as np

from core.__main__ import main
from core.config.run_config import RunConfig
from core.data import mnist
from core.runs.store import RunStore
from core.training import models, warmup
from core.training.batching import VALIDATION_BATCH
from core.training.hooks import Control, Hooks
from core.training.predict import Predictor
from core.training.trainer import train
from tests.trained_run import trained_run


def test_the_command_line_trains_without_tensorflow(tiny_mnist, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("DIGIT_LAB_HOME", str(tmp_path))
    for name in ("JAX_COMPILATION_CACHE_DIR", "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"):
        monkeypatch.setenv(name, "0")  # JAX is imported already and does not look there again
    monkeypatch.setattr(mnist, "load", lambda: tiny_mnist)
    assert main(["train", "--units", "8", "--epochs", "1", "--json"]) == 0
    output = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert output["outcome"] == "finished"
    assert output["device"].startswith("CPU")
    assert "tensorflow" not in sys.modules


def test_networks_are_exported_without_tensorflow(tiny_mnist, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("DIGIT_LAB_HOME", str(tmp_path))
    monkeypatch.setattr(mnist, "load", lambda: tiny_mnist)
    run = trained_run(RunStore(tmp_path), RunConfig(units=8), tiny_mnist)
    assert main(["export", run.id, "--format", "keras", "onnx", "--output", str(tmp_path / "out")]) == 0
    assert capsys.readouterr().out.count("The predicted digit is the same for 200 of 200.") == 2
    for name in ("saved-model", "tflite", "tflite-int8"):
        assert main(["export", run.id, "--format", name, "--output", str(tmp_path / "out")]) == 2
        assert "can only be written with TensorFlow, which is not installed here." in capsys.readouterr().err


def test_a_warmed_up_network_is_not_compiled_again(tiny_mnist, monkeypatch):
    monkeypatch.setattr(mnist, "load", lambda: tiny_mnist)
    config = RunConfig(units=16, epochs=2)
    ready = warmup.warm_up_network(config)
    program = ready.network.digit_lab_traced
    compiled = program.train_steps._cache_size(), program.predict_logits._cache_size()
    images = program.cached_device_images(tiny_mnist.train.images)
    ended = train(config, tiny_mnist, lambda event: None, network=ready.network).ended
    assert (program.train_steps._cache_size(), program.predict_logits._cache_size()) == compiled == (1, 1)
    assert program.cached_device_images(tiny_mnist.train.images) is images
    alone = train(config, tiny_mnist, lambda event: None).ended
    assert (ended.train_loss, ended.validation_loss) == (alone.train_loss, alone.validation_loss)


def test_a_trained_network_trains_another_seed_as_alone_without_compiling(tiny_mnist):
    config = RunConfig(units=16, dropout=0.3, epochs=2)
    first = train(config, tiny_mnist, lambda event: None).model
    program = first.digit_lab_traced
    compiled = program.train_steps._cache_size()
    warm = warmup.WarmNetwork(warmup.warmup_config(config), first, is_trained=True)
    other = config.changed(seed=2)
    again = train(other, tiny_mnist, lambda event: None, network=warm.network_for(other)).model
    assert again.digit_lab_traced is program
    assert program.train_steps._cache_size() == compiled
    alone = train(other, tiny_mnist, lambda event: None).model
    for one, two in zip(again.get_weights(), alone.get_weights(), strict=True):
        np.testing.assert_array_equal(one, two)
    assert again.get_config() == alone.get_config()
    assert warm.network_for(other.changed(units=8)) is None


def test_validation_counts_what_fills_the_last_part_up_as_nothing(tiny_mnist):
    from core.training.batching import LoopOptions
    from core.training.engine import Loop

    model = models.build(RunConfig(units=16))
    loop = Loop(model, tiny_mnist.train, None, LoopOptions(batch_size=64, seed=1))
    sums = loop.evaluate(tiny_mnist.test)
    assert sums.images == len(tiny_mnist.test) < VALIDATION_BATCH
    loss, accuracy = model.evaluate(tiny_mnist.test.images, tiny_mnist.test.labels, verbose=0)
    np.testing.assert_allclose((sums.mean_loss, sums.accuracy), (loss, accuracy), rtol=1e-5)


def test_calls_that_divide_the_epoch_train_the_same_as_others(tiny_mnist):
    from core.training.batching import LoopOptions
    from core.training.engine import Loop

    weights = []
    for batches_per_call in (
        16,
        5,
    ):  # 16: a loop with a fixed length, then one whose length is given at run time
        model = models.build(RunConfig(units=16, dropout=0.2))
        loop = Loop(
            model, tiny_mnist.train, None, LoopOptions(batch_size=64, seed=1, batches_per_call=batches_per_call)
        )
        loop.fit(2)
        weights.append(model.get_weights())
    for one, other in zip(*weights, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)


class StopsAfter(Control):
    """Stops after so many engine calls."""

    def __init__(self, calls):
        self.calls = calls

    def should_stop(self):
        self.calls -= 1
        return self.calls == 0


def test_a_run_trains_resumes_saves_and_predicts(tiny_mnist, tmp_path, monkeypatch):
    monkeypatch.setattr("core.training.call_size.estimate_step_seconds", lambda model, size: 0.05 / 8)  # of 32 batches
    assert keras.backend.backend() == "jax"
    config = RunConfig(units=32, dropout=0.2, epochs=4, schedule="cosine")
    kept, seen, previewed = [], [], []
    whole = train(config, tiny_mnist, seen.append, Hooks(save_state=kept.append, preview=previewed.append))
    again = train(config, tiny_mnist, seen.append, resume=kept[1])
    for one, other in zip(whole.model.get_weights(), again.model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    stopped = []
    train(config, tiny_mnist, seen.append, Hooks(StopsAfter(3), save_state=stopped.append))
    assert (stopped[-1].stopped, stopped[-1].batch > 0) == (True, True)
    again = train(config, tiny_mnist, seen.append, resume=stopped[-1])
    for one, other in zip(whole.model.get_weights(), again.model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    assert whole.history["val_loss"] == again.history["val_loss"]
    assert whole.ended.validation_accuracy > 0.6
    models.save(whole.model, tmp_path / "model.keras")
    answers = Predictor(tmp_path / "model.keras").probabilities(tiny_mnist.test.images)
    np.testing.assert_allclose(answers, whole.model.predict(tiny_mnist.test.images, verbose=0), atol=1e-5)


def test_a_run_with_moments_trains_the_same_and_they_show_it(tiny_mnist):
    class Moments(list):
        write = list.append

        def discard_after(self, step):
            self.clear()

    # 16 batches in one call: a length known beforehand, unless a moment cuts it. With 1,000 images and a batch of 70,
    # the last batch is short and every call has a length that is given at run time.
    for batch_size in (50, 70):
        config = RunConfig(units=24, epochs=2, dropout=0.2, batch_size=batch_size)
        moments, kept = Moments(), []
        shown = train(config, tiny_mnist, lambda event: None, Hooks(save_state=kept.append, moments=moments))
        plain = train(config, tiny_mnist, lambda event: None)
        for one, other in zip(plain.model.get_weights(), shown.model.get_weights(), strict=True):
            np.testing.assert_allclose(one, other, atol=0 if batch_size == 70 else 1e-5)
        assert moments[0].step == 0
        for moment, weights in [(moments[-1], kept[-1].weights), (moments[0], None)]:
            weights = weights or models.get_weights(models.build(config))
            layer = moment.layers[0]
            np.testing.assert_allclose(layer.kernel, weights["digit_lab/dense1/kernel"][:, layer.units], atol=1e-3)

"""Keras' own callbacks see on the fast path what they see in Keras' loop."""

import csv

import keras
import numpy as np
import pytest

from core.config.run_config import RunConfig
from core.training import models
from core.training.batching import LoopOptions
from core.training.engine import Loop

BATCH = 32
pytestmark = pytest.mark.usefixtures("nothing_is_compiled")


@pytest.fixture(scope="module")
def digits(embedded):
    return embedded.train[:210]  # six whole batches and a short one of 18


@pytest.fixture(scope="module")
def held_out(embedded):
    return embedded.validation[:100]


def fitted(digits, held_out, epochs, callbacks, **knobs):
    model = models.build(RunConfig(units=16, **knobs))
    loop = Loop(model, digits, held_out, LoopOptions(batch_size=BATCH, seed=1, batches_per_call=4))
    return model, loop.fit(epochs, callbacks).history


def trained_with(digits, callback):
    model = models.build(RunConfig(units=16))
    Loop(model, digits, None, LoopOptions(batch_size=BATCH, seed=1, batches_per_call=2)).fit(1, [callback])


def test_a_callback_of_ones_own_finds_the_weights_as_trained_so_far_in_the_middle_of_an_epoch(digits):
    seen = []

    class Watching(keras.callbacks.Callback):
        def on_train_batch_begin(self, batch, logs=None):
            seen.append(self.model.get_weights()[0].sum())

    trained_with(digits, Watching())
    assert len(set(seen)) == 4


def test_so_does_one_that_was_given_a_function(digits):
    seen = []

    def look(batch, logs):
        seen.append(watching.model.get_weights()[0].sum())

    watching = keras.callbacks.LambdaCallback(on_train_batch_end=look)
    trained_with(digits, watching)
    assert len(set(seen)) == 4


def test_so_does_one_that_looks_before_validation(digits, held_out):
    seen = []

    class Watching(keras.callbacks.Callback):
        def on_test_begin(self, logs=None):
            seen.append(self.model.get_weights()[0].sum())

        def on_epoch_end(self, epoch, logs=None):
            seen.append(self.model.get_weights()[0].sum())

    fitted(digits, held_out, 1, [Watching()])
    assert seen[0] == seen[1]


def test_what_a_model_is_given_after_a_fit_that_broke_off_counts(digits):
    def breaks(batch, logs):
        raise ZeroDivisionError

    model = models.build(RunConfig(units=16, optimizer="sgd"))
    loop = Loop(model, digits, None, LoopOptions(batch_size=BATCH, seed=1, batches_per_call=2))
    with pytest.raises(ZeroDivisionError):
        loop.fit(1, live=keras.callbacks.LambdaCallback(on_train_batch_end=breaks))
    model.set_weights([np.full_like(weights, 0.5) for weights in model.get_weights()])
    model.optimizer.learning_rate.assign(0)
    loop.fit(1)
    assert all((weights == 0.5).all() for weights in model.get_weights())


def test_model_checkpoint_keeps_the_weights_of_the_middle_of_an_epoch(digits, tmp_path):
    often = keras.callbacks.ModelCheckpoint(tmp_path / "{batch}.weights.h5", save_freq=2, save_weights_only=True)
    trained_with(digits, often)
    kept = []
    for path in sorted(tmp_path.glob("*.weights.h5")):
        model = models.build(RunConfig(units=16))
        model.load_weights(path)
        kept.append(model.get_weights()[0].sum())
    assert len(set(kept)) == len(kept) >= 3


def test_a_fragment_finds_them_after_it_has_asked(digits):
    seen = []

    class Live(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            loop.sync()
            seen.append(self.model.get_weights()[0].sum())

    loop = Loop(
        models.build(RunConfig(units=16)), digits, None, LoopOptions(batch_size=BATCH, seed=1, batches_per_call=2)
    )
    loop.fit(1, live=Live())
    assert len(set(seen)) == 4


def test_early_stopping_stops_and_brings_the_best_weights_back(digits, held_out):
    stopping = keras.callbacks.EarlyStopping(patience=2, restore_best_weights=True)
    model, history = fitted(digits, held_out, 50, [stopping], learning_rate=0.05)
    assert len(history["val_loss"]) < 50
    loss, _ = model.evaluate(held_out.images, held_out.labels, verbose=0)
    # On JAX Keras' own evaluate cuts probabilities off at 1e-7; the engine computes from the logits on both.
    assert loss == pytest.approx(
        min(history["val_loss"]), rel=1e-5 if keras.backend.backend() == "tensorflow" else 0.02
    )


def test_reduce_on_plateau_lowers_the_rate_that_training_uses(digits, held_out):
    plateau = keras.callbacks.ReduceLROnPlateau(patience=1, factor=1e-9, min_delta=1e9)  # nothing is ever good enough
    _, history = fitted(digits, held_out, 5, [plateau])
    assert history["learning_rate"][-1] < 1e-9
    assert history["loss"][-1] == pytest.approx(history["loss"][-2], rel=1e-4)
    assert history["loss"][1] < 0.95 * history["loss"][0]


def test_csv_logger_writes_a_line_an_epoch(digits, held_out, tmp_path):
    path = tmp_path / "log.csv"
    _, history = fitted(digits, held_out, 3, [keras.callbacks.CSVLogger(str(path))])
    rows = list(csv.DictReader(path.read_text().splitlines()))
    assert [float(row["val_accuracy"]) for row in rows] == pytest.approx(history["val_accuracy"])
    assert [float(row["loss"]) for row in rows] == pytest.approx(history["loss"])


def test_model_checkpoint_keeps_a_model_that_loads_and_answers_alike(digits, held_out, tmp_path):
    path = tmp_path / "best.keras"
    model, _ = fitted(digits, held_out, 2, [keras.callbacks.ModelCheckpoint(str(path))])
    loaded = models.load(path)
    assert type(loaded) is keras.Sequential
    np.testing.assert_array_equal(loaded.predict(held_out.images, verbose=0), model.predict(held_out.images, verbose=0))

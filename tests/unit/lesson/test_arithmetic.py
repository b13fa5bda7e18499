"""The lesson's arithmetic, each number computed in a second way: by hand, Keras, SciPy or scikit-learn."""

import contextlib
import io
import math
import re
from unittest.mock import patch

import numpy as np
import pytest
import scipy.special
from scipy.spatial.distance import cdist
from sklearn.metrics import log_loss
from sklearn.preprocessing import OneHotEncoder

from core.data.morphology import mean_images
from core.lesson import arithmetic, keras_output
from core.lesson.arithmetic import (
    SOFTMAX_OF_ONE,
    SOFTMAX_OF_ZERO,
    cross_entropy,
    flatten,
    one_hot,
    softmax,
    sparse_cross_entropy,
)


@pytest.fixture(scope="module")
def keras():
    import keras

    return keras


def test_the_layer_of_mean_images_finds_the_nearest_mean(tiny_mnist):
    train, test = tiny_mnist.train, tiny_mnist.test
    layer = arithmetic.make_template_layer(mean_images(train))
    means = np.stack([train.images[train.labels == digit].mean(axis=0) for digit in range(10)])
    nearest = cdist(flatten(test.images), flatten(means)).argmin(axis=1)
    assert (layer.scores(test.images).argmax(axis=1) == nearest).mean() > 0.99  # ties of rounding apart
    assert layer.scores(test.images).mean(axis=1) == pytest.approx(np.zeros(200), abs=1e-4)


def test_the_layer_of_mean_images_reads_about_80_percent(embedded):
    layer = arithmetic.make_template_layer(mean_images(embedded.train))
    right = (layer.scores(embedded.validation.images).argmax(axis=1) == embedded.validation.labels).mean()
    assert 0.74 < right < 0.86


def test_softmax_by_hand_is_the_hand_worked_one():
    # e^1 = 2.718, e^2 = 7.389, e^3 = 20.086; their sum 30.193
    answer = arithmetic.softmax_steps(np.array([1.0, 2.0, 3.0]))
    assert answer.powers == pytest.approx([2.718, 7.389, 20.086], abs=1e-3)
    assert answer.total == pytest.approx(30.193, abs=1e-3)
    assert answer.shares == pytest.approx([0.0900, 0.2447, 0.6652], abs=1e-4)


def test_softmax_agrees_with_scipy_and_keras(rng, keras):
    scores = rng.normal(0, 4, 10)
    shares = arithmetic.softmax_steps(scores).shares
    assert shares == pytest.approx(scipy.special.softmax(scores))
    assert shares == pytest.approx(np.asarray(keras.ops.softmax(scores)), rel=1e-5)
    assert softmax(scores) == pytest.approx(shares)


def test_large_scores_overflow_as_written_and_not_with_the_largest_taken_off():
    naive, safe = arithmetic.softmax_overflow(np.arange(10.0) + 95)
    assert np.isnan(naive).all()
    assert safe == pytest.approx(scipy.special.softmax(np.arange(10.0)), rel=1e-5)


def test_softmax_twice_ends_at_the_two_limits():
    sure = softmax(one_hot(np.array([4]))[0].astype(float))
    assert (sure.max(), sure.min()) == (pytest.approx(SOFTMAX_OF_ONE), pytest.approx(SOFTMAX_OF_ZERO))
    assert (f"{SOFTMAX_OF_ONE:.3f}", f"{SOFTMAX_OF_ZERO:.3f}") == ("0.232", "0.085")
    assert pytest.approx(1) == SOFTMAX_OF_ONE + 9 * SOFTMAX_OF_ZERO


def test_no_bar_leaves_the_band_whatever_the_scores(rng):
    bars = softmax(softmax(rng.normal(0, 30, (5000, 10))))
    assert bars.max() <= SOFTMAX_OF_ONE + 1e-12
    assert bars.min() >= SOFTMAX_OF_ZERO - 1e-12


def test_both_losses_agree_with_keras_and_scikit_learn(rng, keras):
    shares, labels = softmax(rng.normal(size=(50, 10))), rng.integers(0, 10, 50)
    ours = sparse_cross_entropy(labels, shares)
    assert cross_entropy(one_hot(labels), shares) == pytest.approx(ours)
    assert ours.mean() == pytest.approx(log_loss(labels, shares, labels=range(10)))
    assert ours == pytest.approx(np.asarray(keras.losses.sparse_categorical_crossentropy(labels, shares)), rel=1e-4)
    theirs = keras.losses.categorical_crossentropy(one_hot(labels), shares)
    assert ours == pytest.approx(np.asarray(theirs), rel=1e-4)


def test_a_share_of_nothing_costs_what_keras_takes_for_it(keras):
    shares = np.zeros((1, 10), np.float32)
    shares[0, 3] = 1
    theirs = float(np.asarray(keras.losses.sparse_categorical_crossentropy(np.array([5]), shares))[0])
    assert arithmetic.cross_entropy_of_share(0) == pytest.approx(theirs, rel=1e-4)
    assert arithmetic.cross_entropy_of_share(1) == 0
    assert arithmetic.cross_entropy_of_share(0.1) == pytest.approx(math.log(10))


@pytest.mark.parametrize("loss", ["sparse_categorical_crossentropy", "categorical_crossentropy"])
def test_keras_looks_behind_the_softmax_of_a_model_on_tensorflow_and_cuts_nothing(keras, loss):
    model = keras.Sequential([keras.Input((10,)), keras.layers.Activation("softmax")])
    model.compile(loss=loss)
    sure, labels = 50 * np.eye(10, dtype=np.float32)[[3]], np.array([5])
    told = model.evaluate(sure, labels if loss.startswith("sparse") else one_hot(labels), verbose=0)
    on_tensorflow = keras.backend.backend() == "tensorflow"
    assert told == pytest.approx(50 if on_tensorflow else arithmetic.cross_entropy_of_share(0), rel=1e-4)


def test_one_hot_is_what_keras_and_scikit_learn_make_of_it(keras):
    labels = np.array([5, 0, 4, 1, 9])
    rows = one_hot(labels)
    assert np.array_equal(rows, keras.utils.to_categorical(labels, 10))
    encoder = OneHotEncoder(categories=[range(10)], sparse_output=False)
    assert np.array_equal(rows, encoder.fit_transform(labels[:, None]))


def test_without_the_ten_keras_counts_columns_for_itself(keras):
    assert keras.utils.to_categorical(np.array([5, 0, 4, 1])).shape == (4, 6)


def test_every_wrong_digit_is_equally_far_away():
    far = arithmetic.one_hot_distances(np.arange(10), 5)
    assert far[5] == 0
    assert np.delete(far, 5) == pytest.approx([math.sqrt(2)] * 9)


class Clock:
    """Time as Keras' progress bar asks for it, set by hand."""

    def __init__(self) -> None:
        self.now = 100.0

    def time(self) -> float:
        return self.now


def keras_says(verbose: int, steps: int, moments: list[tuple[int, float, dict[str, float], bool]]) -> list[str]:
    """The lines of Keras' own progress bar, without colours. moments: (step, seconds since the start, figures, end)."""
    from keras.src.utils import progbar

    clock, out = Clock(), io.StringIO()
    with patch.object(progbar, "time", clock), contextlib.redirect_stdout(out):
        bar = progbar.Progbar(steps, verbose=verbose, stateless_metrics=set())
        for step, seconds, figures, end in moments:
            clock.now = 100.0 + seconds
            bar.update(step, list(figures.items()), finalize=end)
    text = re.sub(r"\x1b\[\d+m|\x08", "", out.getvalue())
    return [line.rstrip() for line in re.split(r"[\r\n]+", text) if line.strip()]


FIGURES = {"accuracy": 0.9243, "loss": 0.0004, "val_accuracy": 0.96, "val_loss": 0.135}


@pytest.mark.parametrize("seconds", [0.2, 5.0, 700.0])
def test_the_line_of_verbose_2_is_keras_own(seconds):
    epoch = keras_output.EpochOutput(seconds, seconds / 469, FIGURES)
    assert keras_says(2, 469, [(469, seconds, FIGURES, True)]) == [keras_output.format_epoch_line(469, epoch)]


@pytest.mark.parametrize("seconds", [0.2, 5.0, 700.0])
def test_the_full_bar_of_verbose_1_is_keras_own(seconds):
    first = 0.1
    lines = keras_says(1, 469, [(1, first, FIGURES, False), (469, seconds, FIGURES, True)])
    epoch = keras_output.EpochOutput(seconds, (seconds - first) / 468, FIGURES)
    assert lines[-1] == keras_output.format_final_bar(469, epoch)


@pytest.mark.parametrize(("step", "seconds"), [(1, 2.222), (9, 0.3), (240, 12.0), (3, 2000.0), (2, 40.0)])
def test_a_bar_on_the_way_is_keras_own(step, seconds):
    figures = {"accuracy": 0.5, "loss": 2.3943}
    first = 0.1
    moments = (
        [(1, first, figures, False), (step, seconds, figures, False)] if step > 1 else [(1, seconds, figures, False)]
    )
    per_step = (seconds - first) / (step - 1) if step > 1 else seconds
    moment = keras_output.BarUpdate(step, per_step * (469 - step), per_step, figures)
    assert keras_says(1, 469, moments)[-1] == keras_output.format_bar_update(moment, 469)


def test_the_transcript_has_the_lines_of_fit(keras, tiny_mnist):
    layers = [keras.Input((28, 28)), keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")]
    model = keras.Sequential(layers)
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    images, labels = tiny_mnist.train.images[:100] / 255, tiny_mnist.train.labels[:100]
    for verbose, epochs in ((0, 2), (2, 2), (2, 1), (1, 2)):
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            model.fit(images, labels, epochs=epochs, verbose=verbose, validation_data=(images, labels))
        lines = keras_output.fit_output(verbose, [keras_output.EpochOutput(0.4, 0.1, FIGURES)] * epochs, steps=4)
        assert shape_of(out.getvalue()) == shape_of(lines)


def shape_of(text: str) -> str:
    """What fit printed without colours, without bars that were wiped out, and with n for each time and figure."""
    text = re.sub(r"\x1b\[\d+m|\x08", "", text)
    lines = [line.split("\r")[-1].rstrip() for line in text.split("\n")]
    return (
        re.sub(r"\d+\.\d+(e-\d+)?|\d+(?=u?m?s\b)", "n", "\n".join(lines).strip())
        .replace("us/", "ms/")
        .replace("ns/", "nms/")
    )


def test_what_the_lesson_shows_are_the_lines_of_the_recorded_run():
    assert keras_output.fit_output(2, keras_output.EPOCHS[2], keras_output.STEPS).splitlines()[:2] == [
        "Epoch 1/3",
        "469/469 - 2s - 4ms/step - accuracy: 0.9243 - loss: 0.2629 - val_accuracy: 0.9600 - val_loss: 0.1350",
    ]
    assert keras_output.format_bar_update(keras_output.BAR_UPDATES[0], 469) == (
        "  1/469 ━━━━━━━━━━━━━━━━━━━━ 17:20 2s/step - accuracy: 0.0703 - loss: 2.3943"
    )
    assert keras_output.fit_output(0, keras_output.EPOCHS[0], 469) == ""
    assert [keras_output.count_filled(moment.step, 469) for moment in keras_output.BAR_UPDATES][-1] == 19


def test_flatten_puts_row_after_row(tiny_mnist):
    images = tiny_mnist.train.images[:3]
    flat = arithmetic.flatten(images)
    assert flat.shape == (3, 784)
    assert flat[1, 28 * 10 + 9] == images[1, 10, 9]


def test_normalise_ends_at_one():
    values = arithmetic.normalise(np.array([0, 51, 255], np.uint8))
    assert values.dtype == np.float32
    assert values.tolist() == [0.0, pytest.approx(0.2), 1.0]


def test_one_hot_has_one_one():
    rows = arithmetic.one_hot(np.array([7, 0], np.uint8))
    assert rows.tolist() == [[0, 0, 0, 0, 0, 0, 0, 1, 0, 0], [1, 0, 0, 0, 0, 0, 0, 0, 0, 0]]


def test_sixty_thousand_images_in_batches_of_128_are_469_steps():
    cuts = list(arithmetic.batches(60_000, 128))
    assert len(cuts) == arithmetic.steps_per_epoch(60_000, 128) == 469
    assert cuts[-1] == slice(59_904, 60_000)


def test_softmax_is_the_hand_worked_one():
    powers = [math.exp(2), math.exp(1), math.exp(0.1)]
    assert arithmetic.softmax(np.array([2, 1, 0.1])) == pytest.approx([power / sum(powers) for power in powers])
    assert arithmetic.softmax(np.array([[1000.0, 0.0]])).tolist() == [[1.0, 0.0]]


def test_both_forms_of_cross_entropy_are_equal(rng):
    probabilities = arithmetic.softmax(rng.normal(size=(20, 10)))
    labels = rng.integers(0, 10, 20)
    sparse = arithmetic.sparse_cross_entropy(labels, probabilities)
    assert arithmetic.cross_entropy(arithmetic.one_hot(labels), probabilities) == pytest.approx(sparse)
    assert sparse[0] == pytest.approx(-math.log(probabilities[0, labels[0]]))


def test_softmax_twice_leaves_every_bar_between_8_and_23_percent():
    sure = arithmetic.softmax(arithmetic.one_hot(np.array([4])))
    assert sure.max() == pytest.approx(math.e / (math.e + 9))
    assert sure.min() == pytest.approx(1 / (math.e + 9))
    assert (round(100 * sure.min()), round(100 * sure.max())) == (9, 23)

"""A network in NumPy: it reads the file that Keras saved, features and logits are right, damaged files are refused."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from core.config.run_config import RunConfig
from core.errors import RunError
from core.evaluation.metrics import evaluate
from core.lesson.arithmetic import one_hot
from core.network.numpy_network import Reader
from core.runs.checkpoints import write_arrays
from core.runs.run import Run
from core.runs.store import RunStore
from tests.unit.network.test_forward import with_any_weights

# Keras 3.15 saves with an __array__ that NumPy 2.4 finds old-fashioned.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
CONFIG = RunConfig(network="conv4x3-norm-pool2-dropout0.2-conv6x3-dense16-norm")


@pytest.fixture(scope="module")
def model():
    return with_any_weights(CONFIG)[0]


@pytest.fixture
def run(model, tmp_path) -> Run:
    from core.training import models

    run = RunStore(tmp_path).create(CONFIG)
    models.save(model, run.model_path)
    write_arrays(run.epoch_path(1), models.get_weights(model))
    return run


@pytest.mark.parametrize("epoch", [None, 1])
def test_what_was_saved_answers_as_keras_does(run, model, embedded, epoch):
    images = embedded.test.images[:70]  # more than one batch
    reader = Reader.of(run, epoch)
    answers = reader.probabilities(images)
    np.testing.assert_allclose(answers, np.asarray(model(images, training=False)), atol=2e-5)
    assert answers.dtype == np.float32
    assert [list(values.shape[1:]) for _, values in reader.layers(images[:2])][-1] == [10]


def test_features_lead_to_logits_and_logits_to_probabilities(run, embedded):
    reader, images = Reader.of(run), embedded.test.images[:9]
    features, logits = reader.features(images), reader.logits(images)
    assert features.shape == (9, 16)
    np.testing.assert_allclose(
        features @ reader.weights["digit_lab/probabilities/kernel"] + reader.weights["digit_lab/probabilities/bias"],
        logits,
        atol=1e-4,
    )
    shares = np.exp(logits.astype(float))
    np.testing.assert_allclose(shares / shares.sum(1, keepdims=True), reader.probabilities(images), atol=1e-5)
    assert reader.probabilities(images[:0]).shape == (0, 10)


def test_without_hidden_layers_the_pixels_are_the_features(embedded):
    top = {"digit_lab/probabilities/kernel": np.zeros((784, 10)), "digit_lab/probabilities/bias": np.zeros(10)}
    images = embedded.test.images[:3]
    features = Reader(RunConfig(hidden_layers=0), top).features(images)
    np.testing.assert_allclose(features, images.reshape(3, 784) / np.float32(255))


@pytest.mark.parametrize("damage", ["cut", "gone", "foreign"])
def test_a_network_that_cannot_be_read_is_named(run, damage):
    if damage == "cut":
        run.model_path.write_bytes(run.model_path.read_bytes()[:1000])
    elif damage == "gone":
        run.model_path.unlink()
    else:
        from core.training import models

        models.save(models.build(RunConfig(units=4)), run.model_path)
    with pytest.raises(RunError, match=r"is damaged or deleted|must hold the"):
        Reader.of(run)


@pytest.mark.parametrize("damage", ["cut", "gone", "foreign"])
def test_weights_of_an_epoch_that_cannot_be_read_are_named(run, damage):
    path = run.epoch_path(1)
    if damage == "cut":
        path.write_bytes(path.read_bytes()[:500])
    elif damage == "gone":
        path.unlink()
    else:
        write_arrays(path, {"digit_lab/conv1/kernel": np.zeros((3, 3, 1, 4))})
    with pytest.raises(RunError, match="another epoch"):
        Reader.of(run, 1)


@pytest.mark.parametrize("loss", ["sparse", "one-hot"])
def test_the_loss_of_its_answers_is_that_of_training_and_of_keras(embedded, loss):
    import keras

    from core.training.batching import LoopOptions
    from core.training.engine import Loop

    model, _ = with_any_weights(RunConfig(units=16, loss=loss))
    model.layers[-1].kernel.assign(200 * model.layers[-1].kernel)  # sure of itself, and mostly wrong
    reader = Reader(RunConfig(units=16), {weight.path: np.array(weight) for weight in model.weights})
    digits = embedded.test[:300]
    found = evaluate(digits.labels, reader.logits(digits.images)).loss
    assert found > 20  # which no mean of losses cut at 16.12 can be
    trained = Loop(model, digits, digits, LoopOptions(batch_size=100, seed=1)).evaluate(digits).mean_loss
    assert found == pytest.approx(trained, rel=1e-5)
    if keras.backend.backend() == "tensorflow":  # on JAX Keras cuts, and the engine does not
        labels = digits.labels if loss == "sparse" else one_hot(digits.labels)
        assert found == pytest.approx(model.evaluate(digits.images, labels, verbose=0)[0], rel=1e-5)


def test_large_questions_at_the_same_time_get_the_answers_of_small_ones(run, embedded):
    reader, images = Reader.of(run), embedded.test.images[:300]
    one_by_one = np.concatenate([reader.probabilities(image[None]) for image in images])
    with ThreadPoolExecutor(3) as visitors:
        for answers in visitors.map(reader.probabilities, [images] * 3):
            np.testing.assert_allclose(answers, one_by_one, atol=1e-5)

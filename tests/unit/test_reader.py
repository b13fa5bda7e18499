"""A network that reads in NumPy: the file that Keras saved, its features and logits, and files that are damaged."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from core.config import RunConfig
from core.errors import RunError
from core.keeping import write_arrays
from core.reader import Reader
from core.run import Run
from core.runs import RunStore
from tests.unit.test_forward import with_any_weights

# Keras 3.15 saves with an __array__ that NumPy 2.4 finds old-fashioned.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
CONFIG = RunConfig(network="conv4x3-norm-pool2-dropout0.2-conv6x3-dense16-norm")


@pytest.fixture(scope="module")
def model():
    return with_any_weights(CONFIG)[0]


@pytest.fixture
def run(model, tmp_path) -> Run:
    from core import models

    run = RunStore(tmp_path).create(CONFIG)
    models.save(model, run.model_path)
    write_arrays(run.epoch_path(1), models.weights_of(model))
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
        from core import models

        models.save(models.build(RunConfig(units=4)), run.model_path)
    with pytest.raises(RunError, match=r"must be a saved network|must hold the"):
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


def test_large_questions_at_the_same_time_get_the_answers_of_small_ones(run, embedded):
    reader, images = Reader.of(run), embedded.test.images[:300]
    one_by_one = np.concatenate([reader.probabilities(image[None]) for image in images])
    with ThreadPoolExecutor(3) as visitors:
        for answers in visitors.map(reader.probabilities, [images] * 3):
            np.testing.assert_allclose(answers, one_by_one, atol=1e-5)

"""The model that comes with the project is what its recipe makes, small, and good."""

import pytest

from core.config.recipes import recipe
from core.config.run_config import RunConfig
from core.runs.store import SHIPPED, Run, RunStore


@pytest.fixture(scope="module")
def shipped(home) -> Run:
    return RunStore().get(SHIPPED)


def test_it_is_a_finished_run_of_the_best_recipe(shipped: Run):
    assert shipped.config == recipe("best").config
    assert shipped.has_model
    assert len(shipped.epochs) == shipped.config.epochs
    assert shipped.started.train_images == 77_985  # 60,000 of MNIST, and three drawings of 5,995 pen digits


def test_it_is_small_enough_to_come_along_with_the_program(shipped: Run):
    assert shipped.model_path.stat().st_size < 3_000_000


def test_it_is_not_used_of_the_machine_it_was_trained_on(shipped: Run):
    assert shipped.started.source == "All 70,000 MNIST images. And 17,985 drawings of 24 other writers."


def test_it_reads_the_mnist_test_set(shipped: Run, real_mnist):
    from core.training.predict import Predictor

    test = real_mnist.test
    probabilities = Predictor(shipped.model_path).probabilities(test.images)
    right = (probabilities.argmax(1) == test.labels).mean()
    assert right >= 0.99
    assert right == pytest.approx(shipped.ended.test_accuracy, abs=0.0002)


def test_it_reads_digits_redrawn_with_a_pen(shipped: Run, embedded, rng):
    from core.augment.redraw import Redrawer
    from core.network.numpy_network import Reader

    images, labels = embedded.test.images[:300], embedded.test.labels[:300]
    drawn = Redrawer(images, labels, RunConfig(pen=1.0)).draw_epoch(rng)
    assert (Reader.of(shipped).probabilities(drawn).argmax(1) == labels).mean() >= 0.97

"""Robustness, measured with networks whose robustness is known."""

import numpy as np
import pytest

from core.augment.distortions import DISTORTIONS
from core.config.run_config import RunConfig
from core.digits import Digits
from core.evaluation import evaluation_cache, robustness
from core.evaluation.robustness import DistortionResult
from core.runs.store import RunStore


class Inky:
    """Reads the label that was written into the first pixel; any change of that pixel throws it off."""

    def __init__(self):
        self.calls = 0

    def probabilities(self, images):
        self.calls += 1
        return np.eye(10, dtype=np.float32)[np.minimum(images[:, 0, 0], 9)]


@pytest.fixture
def marked(tiny_mnist):
    digits = tiny_mnist.validation
    images = digits.images.copy()
    images[:, 0, 0] = digits.labels
    return tiny_mnist._replace(validation=Digits(images, digits.labels))


def test_without_distortion_everything_stands(marked):
    for name in DISTORTIONS:
        found = robustness.measure(Inky(), marked.validation, name)
        assert found.strengths[0] == 0
        assert found.strengths[-1] == DISTORTIONS[name].max_strength
        assert found.accuracies[0] == 1


def test_what_is_thrown_off_is_counted(marked):
    found = robustness.measure(Inky(), marked.validation, "noise")
    assert found.accuracies[-1] < 0.6
    assert found.images == 200
    low, high = found.intervals[-1]
    assert low < found.accuracies[-1] < high


def test_the_same_dice_are_thrown_every_time(marked):
    first = robustness.measure(Inky(), marked.validation, "cover")
    assert first == robustness.measure(Inky(), marked.validation, "cover")


def test_half_lost_is_the_strength_at_which_half_above_chance_is_gone():
    # From 90 % down to chance, 10 %: half of it is gone below 50 %.
    found = DistortionResult("noise", (0, 1, 2, 3), (90, 70, 49, 20), 100)
    assert found.half_loss_strength == 2
    assert DistortionResult("noise", (0, 1), (90, 80), 100).half_loss_strength is None


def test_the_second_time_no_network_predicts(tmp_path, marked):
    run = RunStore(tmp_path).create(RunConfig())
    run.model_path.write_bytes(b"weights")
    network = Inky()
    first = robustness.evaluate_robustness(run, "validation", marked, lambda: network)
    calls = network.calls
    assert robustness.evaluate_robustness(run, "validation", marked, lambda: network) == first
    assert network.calls == calls
    run.model_path.write_bytes(b"other weights")
    robustness.evaluate_robustness(run, "validation", marked, lambda: network)
    assert network.calls == 2 * calls
    assert evaluation_cache.folder(run).is_dir()

"""Distortions refuse unknown names and negative strengths in a sentence, and leave images alone at strength 0."""

import numpy as np
import pytest

from core.augment.distortions import DISTORTIONS, augment_images, distort
from core.config.run_config import RunConfig
from core.errors import ConfigError


@pytest.mark.parametrize("name", DISTORTIONS)
def test_each_distortion_changes_images_only_above_0(name: str, tiny_mnist):
    images = tiny_mnist.train.images[:20]
    strength = DISTORTIONS[name].max_strength
    assert np.array_equal(distort(images, rng=np.random.default_rng(1), **{name: 0.0}), images)
    changed = distort(images, rng=np.random.default_rng(1), **{name: strength})
    assert changed.dtype == np.uint8
    assert not np.array_equal(changed, images)


@pytest.mark.parametrize(("strengths", "received"), [({"flip": 1.0}, "'flip'"), ({"rotation": -1.0}, "-1.0")])
def test_the_sentence_says_what_is_allowed_and_the_detail_what_was_received(strengths, received, tiny_mnist):
    with pytest.raises(ConfigError) as refused:
        distort(tiny_mnist.train.images[:2], rng=np.random.default_rng(1), **strengths)
    assert "must be" in refused.value.sentence
    assert "Received" not in refused.value.sentence
    assert str(refused.value).endswith(f"Received: {received}.")


def test_without_redrawing_knobs_the_images_stay_the_same(tiny_mnist):
    digits = tiny_mnist.train[:5]
    assert augment_images(digits.images, digits.labels, RunConfig(), np.random.default_rng(1)) is digits.images

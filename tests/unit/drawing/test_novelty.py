"""Whether a drawing looks like a digit at all."""

import numpy as np
import pytest

from core.drawing.normalise import to_digit
from core.drawing.novelty import N_NEIGHBOURS, NOVEL_SHARE, THRESHOLD_IMAGES, NoveltyDetector
from tests.benchmarks import not_digits


@pytest.fixture(scope="module")
def familiar(embedded) -> NoveltyDetector:
    return NoveltyDetector.from_digits(embedded.train.images, embedded.validation.images)


def test_the_share_of_held_out_digits_with_a_warning_is_the_one_chosen(familiar, embedded):
    scores = familiar.novelty_score(embedded.validation.images[:THRESHOLD_IMAGES])
    assert (scores > familiar.threshold).mean() == pytest.approx(NOVEL_SHARE, abs=0.01)


@pytest.mark.parametrize("kind", not_digits.KINDS)
def test_letters_shapes_and_scribbles_are_more_novel_than_digits(familiar, embedded, kind):
    rng = np.random.default_rng(3)
    others = np.stack([to_digit(canvas).digit for canvas in not_digits.KINDS[kind](60, rng)])
    digits = familiar.novelty_score(embedded.test.images[:300])
    auroc = (familiar.novelty_score(others)[:, None] > digits[None]).mean()
    assert auroc > 0.85  # of 5,000 images; with all 54,000 it is above 0.94


def test_a_circle_with_a_cross_is_warned_of(familiar):
    rng = np.random.default_rng(4)
    crossed = not_digits.SHAPES["circle with a cross"]
    verdicts = [familiar.check(to_digit(not_digits.drawn(crossed, rng)).digit) for _ in range(10)]
    assert sum(verdict.is_novel for verdict in verdicts) >= 9


def test_a_training_digit_is_its_own_nearest(familiar, embedded):
    verdict = familiar.check(embedded.train.images[17])
    assert verdict.nearest[0] == 17
    assert len(verdict.nearest) == N_NEIGHBOURS
    assert (np.diff(verdict.distances) >= 0).all()


def test_the_nearest_are_those_that_measuring_each_distance_finds(familiar, embedded):
    image = embedded.test.images[5]
    distances = np.linalg.norm(familiar.places - _place(familiar, image), axis=1)
    assert (familiar.check(image).nearest == np.argsort(distances)[:N_NEIGHBOURS]).all()


def _place(familiar: NoveltyDetector, image: np.ndarray) -> np.ndarray:
    """Another road to the same place: blurred by hand with the same bell, then projected."""
    from scipy.ndimage import gaussian_filter

    look = gaussian_filter(image.astype(float), 1.0)[::2, ::2].ravel()
    return (look / np.linalg.norm(look) - familiar.mean) @ familiar.directions


def test_nothing_at_all_is_judged_too(familiar):
    assert np.isfinite(familiar.check(np.zeros((28, 28), np.uint8)).novelty_score)
    assert len(familiar.novelty_score(np.zeros((0, 28, 28), np.uint8))) == 0

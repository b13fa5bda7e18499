"""Variations of the training images: what each knob does, and that an epoch's images follow from its seed."""

from pathlib import Path

import numpy as np
import pytest

from core.augment.handwriting_styles import NO_STROKE, STYLED_DIGITS, distance_to_strokes, style_strokes
from core.augment.redraw import MANY_THREADS, EpochPrefetcher, Redrawer
from core.augment.redraw_plan import PEN_WIDTHS
from core.augment.skeletons import centre_lines
from core.config.run_config import RunConfig
from core.data.random_streams import DISTORTIONS, random
from core.digits import Digits
from core.drawing.normalise import stroke_width


@pytest.fixture(scope="module")
def some(embedded) -> Digits:
    return embedded.train[:400]


def drawn(digits: Digits, rng: np.random.Generator, **knobs: float) -> np.ndarray:
    return Redrawer(digits.images, digits.labels, RunConfig(**knobs)).draw_epoch(rng)


def test_no_knob_moves_an_image_to_the_common_middle_and_changes_nothing_else(some: Digits, rng):
    plain = drawn(some, rng).astype(float)
    assert np.abs(plain.sum((1, 2)) / some.images.sum((1, 2)) - 1).max() < 0.05


def test_a_pen_is_as_wide_everywhere_as_a_pen_can_be(some: Digits, rng):
    redrawn = drawn(some, rng, pen=1.0)
    wide = [stroke_width(image / 255) for image in redrawn]
    assert np.mean(wide) == pytest.approx(np.mean(PEN_WIDTHS), abs=0.5)
    # A thick pencil and a thin one are no longer told apart by their width.
    before = [stroke_width(image / 255) for image in some.images]
    assert abs(np.corrcoef(before, wide)[0, 1]) < 0.5


def test_what_a_pen_redraws_fills_the_box_that_a_drawing_fills(some: Digits, rng):
    redrawn = drawn(some, rng, pen=1.0) > 127
    longer = [max(np.ptp(np.flatnonzero(image.any(axis))) + 1 for axis in (0, 1)) for image in redrawn]
    assert np.median(longer) == pytest.approx(20, abs=1)


def test_stronger_augmentation_leaves_less_as_it_was(some: Digits):
    base = drawn(some, np.random.default_rng(1)).astype(float)
    changes = [
        np.abs(drawn(some, np.random.default_rng(1), augmentation=strength) - base).mean() for strength in (0.2, 0.5, 1)
    ]
    assert 0 < changes[0] < changes[1] < changes[2]


def test_styles_add_ink_to_the_digits_that_have_them_only(some: Digits):
    base, styled = (drawn(some, np.random.default_rng(1), styles=share).sum((1, 2)) for share in (1e-9, 1.0))
    has = np.isin(some.labels, STYLED_DIGITS)
    assert (styled[has] > base[has] * 1.02).mean() > 0.7
    assert np.array_equal(styled[~has] > 0, base[~has] > 0)


@pytest.mark.parametrize("digit", range(10))
def test_each_style_begins_at_its_digit(digit: int, some: Digits, rng):
    chosen = some[some.labels == digit]
    lines = centre_lines(chosen.images)
    strokes = style_strokes(chosen.labels, lines, rng)
    given = strokes[:, 0, 0, 0] > NO_STROKE
    assert given.any() == (digit in STYLED_DIGITS)
    for stroke, line in zip(strokes[given, 0], lines.line_mask()[given], strict=True):
        places = np.argwhere(line)[:, ::-1] / 2 + 0.25
        assert min(np.linalg.norm(places - point, axis=1).min() for point in stroke) < 2


def test_an_epoch_follows_from_seed_and_number_alone(some: Digits):
    config = RunConfig(augmentation=0.5, pen=0.5, styles=0.5, epochs=3)
    variations = Redrawer(some.images, some.labels, config)
    through = EpochPrefetcher(variations)
    epochs = [through(epoch) for epoch in range(3)]
    assert np.array_equal(EpochPrefetcher(variations)(2), epochs[2])  # as a resumed run asks for it
    assert np.array_equal(variations.draw_epoch(random(1, 2, DISTORTIONS)), epochs[2])
    assert not np.array_equal(epochs[0], epochs[1])
    other = Redrawer(some.images, some.labels, config.changed(seed=2))
    assert not np.array_equal(EpochPrefetcher(other)(0), epochs[0])


def test_a_share_of_the_images_stays_as_it_is_and_the_others_do_not_change(some: Digits):
    config = RunConfig(augmentation=0.5, pen=0.5)
    drawn = Redrawer(some.images, some.labels, config).draw_epoch(random(1, 0, DISTORTIONS))
    mixed = Redrawer(some.images, some.labels, config.changed(unchanged=0.5)).draw_epoch(random(1, 0, DISTORTIONS))
    kept = (mixed == some.images).all((1, 2))
    assert 0.35 < kept.mean() < 0.65
    assert np.array_equal(mixed[~kept], drawn[~kept])


def test_runs_of_earlier_versions_get_the_same_images(some: Digits):
    # Twenty images as version 0.2 drew them: a run that began there and is resumed here must not notice.
    before = np.load(Path(__file__).parent / "redrawn.npz")["images"].astype(int)
    config = RunConfig(augmentation=0.5, pen=0.5, styles=0.5, epochs=3)
    now = EpochPrefetcher(Redrawer(some.images, some.labels, config))(2)[::20]
    assert np.abs(now - before).max() <= 1  # other processors may round differently
    assert (now == before).mean() > 0.999


def test_any_number_of_threads_draws_the_same_images(some: Digits):
    config = RunConfig(augmentation=0.8, pen=0.5, styles=0.5)
    many = Digits(np.tile(some.images, (3, 1, 1)), np.tile(some.labels, 3))
    one, five = (
        Redrawer(many.images, many.labels, config, threads).draw_epoch(random(1, 0, DISTORTIONS)) for threads in (1, 5)
    )
    assert np.array_equal(one, five)


@pytest.mark.parametrize("threads", [1, MANY_THREADS])
def test_the_next_epochs_are_drawn_before_they_are_asked_for(some: Digits, threads: int):
    config = RunConfig(augmentation=0.5, epochs=4)
    drawn = EpochPrefetcher(Redrawer(some.images, some.labels, config, threads))
    epochs = [drawn(epoch) for epoch in range(4)]
    again = Redrawer(some.images, some.labels, config, 1)
    for epoch, images in enumerate(epochs):
        assert np.array_equal(images, again.draw_epoch(random(1, epoch, DISTORTIONS)))


def test_a_failure_while_images_are_drawn_reaches_the_training(some: Digits):
    drawn = EpochPrefetcher(Redrawer(some.images, some.labels[:-1], RunConfig(pen=1.0)))
    with pytest.raises((ValueError, IndexError)):
        drawn(0)


def test_distances_to_strokes_are_exact_where_they_matter(some: Digits, rng):
    ones = some[some.labels == 1]
    strokes = style_strokes(ones.labels, centre_lines(ones.images), rng)
    x, y = rng.uniform(-3, 31, (2, len(ones), 50)).astype(np.float32)
    starts, steps = (
        strokes[:, :, :-1].reshape(len(ones), -1, 1, 2),
        np.diff(strokes, axis=2).reshape(len(ones), -1, 1, 2),
    )
    away = np.stack([x, y], 2)[:, None] - starts
    along = np.clip((away * steps).sum(3) / np.maximum((steps**2).sum(3), 1e-6), 0, 1)
    exact = np.linalg.norm(away - along[..., None] * steps, axis=3).min(1)
    found = distance_to_strokes(strokes, x, y, np.full(len(ones), 2.5, np.float32))
    near = exact < 2.5
    assert near.any(1).sum() > len(ones) / 2
    assert found[near] == pytest.approx(exact[near], abs=1e-3)
    assert (found[~near] >= 2.5 - 1e-3).all()


def test_blank_images_and_no_images_are_borne(rng):
    config = RunConfig(augmentation=1.0, pen=0.5, styles=1.0)
    blank = Redrawer(np.zeros((4, 28, 28), np.uint8), np.array([1, 4, 7, 9], np.uint8), config)
    assert blank.draw_epoch(rng).shape == (4, 28, 28)
    none = Redrawer(np.zeros((0, 28, 28), np.uint8), np.zeros(0, np.uint8), config)
    assert none.draw_epoch(rng).shape == (0, 28, 28)

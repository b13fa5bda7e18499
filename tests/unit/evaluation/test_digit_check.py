"""What is no digit: the detector that comes with the program is small, and separates letters from digits."""

import zipfile

import numpy as np
import pytest

from core.drawing.normalise import to_digit
from core.evaluation import digit_check
from core.evaluation.digit_check import KINDS, DigitCheck
from tests.benchmarks import not_digits


@pytest.fixture(scope="module")
def check() -> DigitCheck:
    return digit_check.shipped()


def test_its_file_is_small_and_holds_no_pickle():
    assert digit_check.FILE.stat().st_size < 200_000
    with zipfile.ZipFile(digit_check.FILE) as file:
        heads = [file.read(name)[:200] for name in file.namelist()]
    assert heads
    assert not any(b"'descr': '|O'" in head for head in heads)


def test_few_digits_are_doubted(check: DigitCheck, embedded):
    doubts = check.doubts(embedded.test.images)
    assert (doubts > check.threshold).mean() < 0.03
    assert doubts.dtype == np.float32
    assert 0 <= doubts.min() <= doubts.max() <= 1


@pytest.mark.parametrize("kind", not_digits.KINDS)
def test_most_other_drawings_are_doubted(check: DigitCheck, kind: str, rng):
    images = np.stack([to_digit(rgba).digit for rgba in not_digits.KINDS[kind](60, rng)])
    assert (check.doubts(images) > check.threshold).mean() > 0.8


def test_a_verdict_names_what_it_looks_like(check: DigitCheck, embedded, rng):
    letter = to_digit(not_digits.drawn(not_digits.LETTERS["M"], rng, width=20)).digit
    verdict = check.check(letter)
    assert not verdict.is_digit
    assert KINDS[verdict.kind] != "a digit"
    assert verdict.doubt == pytest.approx(float(check.doubts(letter[None])[0]), abs=1e-5)
    assert check.check(embedded.test.images[0]).is_digit


def test_two_digits_together_are_several(check: DigitCheck, embedded):
    left, right = embedded.test.images[:40], embedded.test.images[40:80]
    pairs = np.concatenate([left, right], axis=2)
    images = [to_digit(np.dstack([pair, pair, pair, np.full_like(pair, 255)])).digit for pair in pairs]
    kinds = [check.check(image) for image in images]
    assert np.mean([not each.is_digit for each in kinds]) > 0.9
    assert np.mean([each.kind == digit_check.SEVERAL for each in kinds]) > 0.7

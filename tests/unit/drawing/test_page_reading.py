"""A whole page: which way is up, what is no digit, and how far the reading can be trusted."""

import numpy as np
import pytest

from core.drawing.page_reading import PageReading, read_page
from core.errors import DrawingError


class Upright:
    """A stand-in for a network that knows nothing but 1s. What is wider than high, or a block, is strange to it."""

    novelty_threshold = 0.4

    def __init__(self, sure: float = 0.99, doubt: float = 0.0) -> None:
        self.sure, self.doubt = sure, doubt

    def probabilities(self, images: np.ndarray) -> np.ndarray:
        return np.tile(np.where(np.arange(10) == 1, self.sure, (1 - self.sure) / 9), (len(images), 1))

    def novelty_score(self, images: np.ndarray) -> np.ndarray:
        return np.array(
            [0.2 if np.ptp(np.nonzero(image > 60)[0]) > 15 and (image > 60).sum() < 150 else 0.9 for image in images]
        )

    def doubts(self, images: np.ndarray) -> np.ndarray:
        return np.full(len(images), self.doubt)


def ones(count: int) -> np.ndarray:
    ink = np.zeros((120, 60 * count + 40), np.float32)
    for at in range(count):
        ink[20:100, 40 + 60 * at : 48 + 60 * at] = 1
    return ink


def test_a_page_that_reads_well_is_not_turned():
    page = read_page(ones(3), Upright())
    assert (page.text, page.turns) == ("111", 0)


@pytest.mark.parametrize("turns", [1, 3])
def test_a_page_on_its_side_is_turned(turns):
    page = read_page(np.rot90(ones(2), turns), Upright())
    assert page.text == "11"
    assert page.turns in (1, 3)


@pytest.mark.parametrize(("digits_after_turn", "turns"), [(4, 1), (2, 0)])
def test_marks_are_not_turned_until_some_of_them_look_like_digits(digits_after_turn, turns, monkeypatch):
    def read(ink, way, reader, single):
        are_digits = np.arange(5) < (digits_after_turn if way == 1 else 0)
        return PageReading([], are_digits, np.ones(5), way), -2.0 if way == 1 else -5.0

    monkeypatch.setattr("core.drawing.page_reading._read_turned", read)
    assert read_page(ones(5), Upright()).turns == turns


def test_a_chosen_turn_is_kept():
    assert read_page(ones(3), Upright(), turns=1).turns == 1


def test_a_mark_that_is_no_digit_is_found_but_not_read():
    ink = ones(4)
    ink[:, 160:] = 0
    ink[40:80, 180:225] = 1  # a block
    page = read_page(ink, Upright(), turns=0)
    assert page.text == "11"
    assert page.are_digits.tolist() == [True, True, False]


@pytest.mark.parametrize(
    ("sure", "doubt", "is_digit"), [(0.99, 0.95, False), (0.99, 0.6, True), (0.8, 0.6, False), (0.8, 0.4, True)]
)
def test_what_is_very_likely_no_digit_is_none_and_so_is_what_is_likely_none_and_read_unsurely(sure, doubt, is_digit):
    page = read_page(ones(3), Upright(sure, doubt), turns=0)
    assert page.are_digits.tolist() == [is_digit] * 3


def test_trust_falls_with_the_doubt_whether_it_is_a_digit():
    clear, doubted = read_page(ones(1), Upright(), turns=0), read_page(ones(1), Upright(doubt=0.4), turns=0)
    assert doubted.probability < 0.65 * clear.probability


def test_one_digit_in_two_parts_is_one():
    page = read_page(ones(2), Upright(), single=True)
    assert len(page.found) == 1


def test_a_tiny_picture_shows_one_digit():
    tiny = np.zeros((28, 28), np.float32)
    tiny[4:24, 8:10] = tiny[4:24, 18:20] = 1
    assert len(read_page(tiny, Upright()).found) == 1


def test_trust_falls_with_each_digit_that_is_not_clear():
    clear, unclear = read_page(ones(3), Upright(0.99)), read_page(ones(3), Upright(0.6))
    assert clear.probability > 0.9 > 0.5 > unclear.probability
    assert read_page(ones(6), Upright(0.9)).probability < read_page(ones(3), Upright(0.9)).probability


def test_nothing_on_the_page_is_a_sentence():
    with pytest.raises(DrawingError, match="blank"):
        read_page(np.zeros((100, 200), np.float32), Upright())

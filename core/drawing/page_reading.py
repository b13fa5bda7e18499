"""A whole page: where its digits are, which marks are no digits, which way is up, and how sure the reading is."""

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from core.drawing.digit_region import DigitReader, FoundDigit
from core.drawing.segmentation import find_digits, find_one_digit
from core.drawing.touching_digits import digit_likelihood
from core.errors import DrawingError

_TINY = 64  # pixels of the longer side: nobody writes several digits on so few
_READS_WELL = -1.75  # mean likelihood of the digits of a page that is upright
_HANDICAP = (0.0, 0.25, 1.0, 0.25)  # by how much better each number of turns must read
_DIGITS_AFTER_TURN = 0.7  # share of the marks, at least: letters are not turned until some look like digits
_NO_DIGIT = 1.25  # of the novelty threshold: a mark above that is no digit
_STRANGE, _SURE = 0.95, 0.8  # … or above the first, if the network is less sure than the second
_SURELY_NONE = 0.9  # doubt above which a mark is no digit
_MAYBE_NONE, _VERY_SURE = 0.5, 0.9  # … or above the first, if the network is less sure than the second
_USUAL_NOVELTY = 0.75  # of the threshold: up to here a digit is like others
_NOVELTY_COST = 3.0  # how much trust a more unusual digit loses
_MARK_TRUST = 0.95  # that a mark is no digit, if it was found to be none
_SEGMENTATION_TRUST = 0.995  # that a digit was separated from the others as it should be


class PageReader(DigitReader, Protocol):
    """What reading a page asks."""

    @property
    def novelty_threshold(self) -> float:
        """The novelty score above which an image is hardly a digit; infinite as long as it is not known."""
        ...

    def doubts(self, images: np.ndarray) -> np.ndarray:
        """How probable it is that each image, uint8 (n, 28, 28), is no digit: float (n,); zeros if nobody knows."""
        ...


@dataclass(frozen=True, eq=False)
class PageReading:
    """The digits of one picture, in reading order, after `turns` quarters clockwise."""

    found: list[FoundDigit]  # with probabilities
    are_digits: np.ndarray  # bool (n,): false for letters and other marks
    trust: np.ndarray  # float (n,): the probability that each is read right
    turns: int = 0  # 0 to 3

    @property
    def digits(self) -> list[int]:
        """What was read, without the marks that are no digits."""
        return [digit.read_as for digit, good in zip(self.found, self.are_digits, strict=True) if good]

    @property
    def text(self) -> str:
        return "".join(map(str, self.digits))

    @property
    def probability(self) -> float:
        """The probability that the whole number is right: in [0, 1]."""
        return math.prod(self.trust.tolist())


def read_page(ink: np.ndarray, reader: PageReader, *, turns: int | None = None, single: bool = False) -> PageReading:
    """Reads `ink`, float32 (h, w) in [0, 1].

    turns: quarters clockwise; None tries all four where the picture does not read well as it is. single: all ink is one
    digit, as on a very small picture. Raises `DrawingError` if there is nothing to read, and `TooManyMarksError` if
    there is too much.
    """
    single = single or max(ink.shape) <= _TINY
    if turns is not None:
        return _read_turned(ink, turns, reader, single)[0]
    readings: list[tuple[PageReading, float]] = []
    refused: list[DrawingError] = []
    for way in (0, 1, 3, 2):
        try:
            reading, likelihood = _read_turned(ink, way, reader, single)
        except DrawingError as error:
            refused.append(error)
            continue
        if way == 0 and (single or likelihood > _READS_WELL):
            return reading
        if way == 0 or reading.are_digits.mean() >= _DIGITS_AFTER_TURN:
            readings.append((reading, likelihood))
    if not readings:
        raise refused[0]
    # As it stands is most likely, and upside down is least.
    return max(readings, key=lambda each: each[1] - _HANDICAP[each[0].turns])[0]


def judge(found: list[FoundDigit], reader: PageReader, turns: int = 0) -> PageReading:
    """Which of the `found` marks are digits, and how far each reading can be trusted."""
    sure = np.array([float(digit.probabilities.max()) for digit in found if digit.probabilities is not None])
    share = _novelty(found, reader) / reader.novelty_threshold
    doubts = reader.doubts(np.stack([digit.image for digit in found]))
    is_strange = (share >= _NO_DIGIT) | ((share >= _STRANGE) & (sure <= _SURE))
    is_none = (doubts > _SURELY_NONE) | ((doubts > _MAYBE_NONE) & (sure < _VERY_SURE))
    are_digits = ~(is_strange | is_none)
    unusual = np.maximum(share - _USUAL_NOVELTY, 0)
    trust = _SEGMENTATION_TRUST * sure * (1 - doubts) * np.exp(-_NOVELTY_COST * unusual)
    return PageReading(found, are_digits, np.where(are_digits, trust, _MARK_TRUST), turns)


def _novelty(found: list[FoundDigit], reader: PageReader) -> np.ndarray:
    if math.isinf(reader.novelty_threshold):
        return np.zeros(len(found))
    return reader.novelty_score(np.stack([digit.image for digit in found]))


def _read_turned(ink: np.ndarray, turns: int, reader: PageReader, single: bool) -> tuple[PageReading, float]:
    """The reading of `ink` after `turns`, and how much its pieces look like digits on average."""
    turned = np.ascontiguousarray(np.rot90(ink, -turns))
    found = [find_one_digit(turned, reader)] if single else find_digits(turned, reader)
    reading = judge(found, reader, turns)
    likelihood = digit_likelihood(
        np.stack([digit.probabilities for digit in found if digit.probabilities is not None]), _novelty(found, reader)
    )
    return reading, float(likelihood.mean())

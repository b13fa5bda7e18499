"""A whole page: where its digits are, which marks are no digits, which way is up, and how sure the reading is."""

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from core.drawing.digit_region import DigitReader, FoundDigit
from core.drawing.photo import extract_photo_ink
from core.drawing.segmentation import find_digits, find_one_digit
from core.drawing.touching_digits import digit_likelihood
from core.errors import DrawingError

_TINY = 64  # pixels of the longer side: nobody writes several digits on so few
_READS_WELL = -1.75  # mean likelihood of the digits of a page that is upright
_MARGIN = 0.25  # by how much another way up must read better
_NO_DIGIT = 1.25  # of the novelty threshold: a mark above that is no digit
_DOUBTED_NO_DIGIT, _DOUBT = 0.95, 0.8  # … or above that, if the network is less sure than this
_USUAL_NOVELTY = 0.75  # of the threshold: up to here a digit is like others
_NOVELTY_COST = 3.0  # how much trust a more unusual digit loses
_SEGMENTATION_TRUST = 0.995  # that a digit was separated from the others as it should be


class PageReader(DigitReader, Protocol):
    """What reading a page asks."""

    @property
    def novelty_threshold(self) -> float:
        """The novelty score above which an image is hardly a digit."""
        ...


@dataclass(frozen=True, eq=False)
class PageReading:
    """The digits of one picture, in reading order, as it stands after `turns` quarters clockwise."""

    ink: np.ndarray  # float32 (h, w) in [0, 1], turned
    turns: int  # quarters clockwise: 0 to 3
    found: list[FoundDigit]  # with probabilities
    are_digits: np.ndarray  # bool (n,): false for letters and other marks
    trust: np.ndarray  # float (n,): the probability that each is what it is read as

    @property
    def digits(self) -> list[int]:
        """What was read, without the marks that are no digits."""
        return [
            int(found.probabilities.argmax())
            for found, is_digit in zip(self.found, self.are_digits, strict=True)
            if is_digit and found.probabilities is not None
        ]

    @property
    def text(self) -> str:
        return "".join(map(str, self.digits))

    @property
    def probability(self) -> float:
        """The probability that the whole number is right: in [0, 1]."""
        return math.prod(self.trust.tolist())


def read_page(
    picture: np.ndarray, reader: PageReader, *, turns: int | None = None, single: bool = False
) -> PageReading:
    """Reads `picture`, uint8 (h, w) or (h, w, 3).

    turns: quarters clockwise; None tries all four where the picture does not read well as it is. single: all ink is one
    digit. Raises `DrawingError` if there is nothing to read.
    """
    ink = extract_photo_ink(picture)
    single = single or max(picture.shape[:2]) <= _TINY
    if turns is not None:
        return _read(np.rot90(ink, -turns), turns, reader, single)[0]
    best: tuple[PageReading, float] | None = None
    refused: DrawingError | None = None
    for way in (0, 1, 3, 2):
        try:
            reading, quality = _read(np.rot90(ink, -way), way, reader, single)
        except DrawingError as error:
            refused = refused or error
            continue
        if best is None or quality > best[1] + _MARGIN:
            best = reading, quality
        if way == 0 and (quality > _READS_WELL or single):
            break
    if best is None:
        raise refused or DrawingError("There is no ink to read in this picture. Write with a dark pen on light paper.")
    return best[0]


def _read(ink: np.ndarray, turns: int, reader: PageReader, single: bool) -> tuple[PageReading, float]:
    """The reading of `ink` as it stands, and how much its pieces look like digits on average."""
    ink = np.ascontiguousarray(ink)
    found = [find_one_digit(ink, reader)] if single else find_digits(ink, reader)
    probabilities = np.stack([digit.probabilities for digit in found])
    novelty = reader.novelty_score(np.stack([digit.image for digit in found]))
    sure, share = probabilities.max(1), novelty / max(reader.novelty_threshold, 1e-6)
    are_digits = (share < _NO_DIGIT) & ((share < _DOUBTED_NO_DIGIT) | (sure > _DOUBT))
    if single:
        are_digits = np.ones(len(found), bool)
    trust = _SEGMENTATION_TRUST * sure * np.exp(-_NOVELTY_COST * np.maximum(share - _USUAL_NOVELTY, 0))
    quality = float(digit_likelihood(probabilities, novelty).mean())
    return PageReading(ink, turns, found, are_digits, trust), quality

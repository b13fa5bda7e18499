"""Several digits in one picture: where each is, from left to right and line by line.

Connected ink is one piece; pieces above one another are one digit (the bar of a 5, a broken 4). A piece wide enough for
two digits is cut along seams that cross little ink. The seams are chosen so that the parts look most like digits.
"""

import math
from collections.abc import Callable, Sequence

import numpy as np

from core.drawing import mnist_form
from core.drawing.broken_digits import join_pieces
from core.drawing.digit_region import (
    MAX_DIGITS,
    DigitReader,
    DigitRegion,
    FoundDigit,
    connected_components,
    merge,
    read_as_it_is,
    read_regions,
    remove_specks,
    stroke_regions,
)
from core.drawing.normalise import MAX_SIDE
from core.drawing.strokes import Stroke
from core.drawing.text_lines import Lines, group_lines, line_height, merge_overlapping, remove_tiny_lines
from core.drawing.touching_digits import split_touching
from core.errors import DrawingError, TooManyMarksError

_TOO_MANY = (
    f"There are more separate marks than the {MAX_DIGITS} digits that a picture may hold. "
    "Write fewer, or crop the picture."
)


def find_digits(ink: np.ndarray, reader: DigitReader | None = None) -> list[FoundDigit]:
    """The digits in `ink`, float32 (h, w) in [0, 1], in reading order. Without `reader` nothing is cut.

    Raises `DrawingError` if there is none, `TooManyMarksError` if there are more than `MAX_DIGITS`.
    """
    return _order_digits(connected_components(ink), reader, remove_tiny_lines)


def find_one_digit(ink: np.ndarray, reader: DigitReader | None = None) -> FoundDigit:
    """All of `ink`, float32 (h, w) in [0, 1], as one digit. Raises `DrawingError` if it is blank.

    What has MNIST's form is read as it is.
    """
    if mnist_form.has_form(ink):
        return read_as_it_is(ink, reader)
    pieces = connected_components(ink)
    if not pieces:
        raise DrawingError("There is no ink to read: the picture is blank. Write a digit from 0 to 9.")
    first, *rest = remove_specks(pieces)
    for piece in rest:
        first = merge(first, piece)
    return read_regions([first], reader)[0]


def find_digits_in_strokes(
    strokes: Sequence[Stroke], reader: DigitReader | None = None, size: tuple[int, int] = (MAX_SIDE, MAX_SIDE)
) -> list[FoundDigit]:
    """The digits that `strokes` make, in reading order. A stroke stays in one piece.

    So digits that touch are separate as long as each was drawn with strokes of its own. size: height and width of the
    canvas; what was drawn outside is cut off. Raises `DrawingError` if all strokes together are too large.
    """
    return _order_digits(stroke_regions(strokes, size), reader)


def probability_all_correct(found: Sequence[FoundDigit]) -> float:
    """The probability that every digit is read correctly, according to the network: in [0, 1]."""
    return math.prod(float(digit.probabilities.max()) for digit in found if digit.probabilities is not None)


def _order_digits(
    pieces: list[DigitRegion], reader: DigitReader | None, choose_lines: Callable[[Lines], Lines] = list
) -> list[FoundDigit]:
    """The digits that `pieces` make in those lines of text that `choose_lines` leaves."""
    if not pieces:
        raise DrawingError("There is no ink to read: the drawing is blank. Write digits from 0 to 9.")
    pieces = remove_specks(pieces)
    if len(pieces) > 4 * MAX_DIGITS:
        raise TooManyMarksError(_TOO_MANY, received=len(pieces))
    wholes: list[tuple[DigitRegion, float]] = []  # with the height of their line
    for pieces_of_line in choose_lines(group_lines(pieces)):
        line = merge_overlapping(pieces_of_line)
        wholes += [(whole, line_height(line)) for whole in join_pieces(line, reader)]
    _refuse_too_many(wholes)  # before the slow search for touching digits, which only adds some
    digits = [part for whole, height in wholes for part in split_touching(whole, height, reader)]
    _refuse_too_many(digits)
    return read_regions(digits, reader)


def _refuse_too_many(marks: Sequence[object]) -> None:
    if len(marks) > MAX_DIGITS:
        raise TooManyMarksError(_TOO_MANY, received=len(marks))

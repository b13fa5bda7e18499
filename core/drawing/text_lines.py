"""Pieces of ink in lines of text: which are side by side, and which are one digit."""

import numpy as np

from core.drawing.digit_region import DigitRegion, merge

_MIN_OVERLAP = 0.45  # of the narrower piece's width above or below the other: from here on they are one digit

_MAX_GAP = 0.3  # of the digits' height: how far above or below the rest of its digit a bar or a foot is
_NEAR = 0.15  # of the digits' height: a piece as near as this to a digit is in its line, also if it is beside it
_TINY = 0.3  # of the height of the line with the most ink: lower lines are dust, grain or dots

Lines = list[list[DigitRegion]]


def group_lines(pieces: list[DigitRegion]) -> Lines:
    """Pieces side by side are one line, also if it rises or falls; lines from top to bottom.

    Large pieces are chained from left to right; then each small one joins the line of the nearest large piece.
    """
    tallest = max(piece.height for piece in pieces)
    large = sorted((piece for piece in pieces if piece.height > 0.5 * tallest), key=lambda piece: piece.left)
    lines: Lines = []
    for piece in large:
        _join(piece, lines, [line[-1] for line in lines])
    chains = [list(line) for line in lines]
    for piece in sorted((piece for piece in pieces if piece.height <= 0.5 * tallest), key=lambda piece: -piece.height):
        nearest = [_nearest(piece, line) for line in chains]
        heights = [line_height(line) for line in chains]
        _join(piece, lines, nearest + [line[0] for line in lines[len(chains) :]], max(heights, default=piece.height))
    lines.sort(key=lambda line: np.mean([piece.top for piece in line]))
    return [sorted(line, key=lambda piece: piece.left) for line in lines]


def _nearest(piece: DigitRegion, line: list[DigitRegion]) -> DigitRegion:
    return min(line, key=lambda other: (max(0, _gap_beside(other, piece)), abs(other.left - piece.left)))


def _join(piece: DigitRegion, lines: Lines, neighbours: list[DigitRegion], height: float = 0) -> None:
    """Adds `piece` to the line whose neighbour is at its height or in its digit; to a new line if there is none.

    height: of the digits, for a small piece, which may also be beside the rest of its digit.
    """
    middle = (piece.top + piece.bottom) / 2
    beside = [
        at
        for at, other in enumerate(neighbours)
        if other.top <= middle <= other.bottom
        or piece.top <= (other.top + other.bottom) / 2 <= piece.bottom
        or (_is_one_digit(other, piece) and _gap_between(other, piece) < _MAX_GAP * max(other.height, height))
        or max(_gap_between(other, piece), _gap_beside(other, piece)) < _NEAR * height
    ]
    if beside:
        lines[min(beside, key=lambda at: abs(neighbours[at].top + neighbours[at].bottom - 2 * middle))].append(piece)
    else:
        lines.append([piece])


def _gap_between(one: DigitRegion, other: DigitRegion) -> int:
    """How far one is above the other; negative if they are beside each other."""
    return max(one.top, other.top) - min(one.bottom, other.bottom)


def _gap_beside(one: DigitRegion, other: DigitRegion) -> int:
    """How far one is beside the other; negative if they are above one another."""
    return max(one.left, other.left) - min(one.right, other.right)


def merge_overlapping(line: list[DigitRegion]) -> list[DigitRegion]:
    """Merges pieces that are above one another."""
    digits: list[DigitRegion] = []
    for piece in line:
        if digits and _is_one_digit(digits[-1], piece):
            digits[-1] = merge(digits[-1], piece)
        else:
            digits.append(piece)
    return digits


def _is_one_digit(left: DigitRegion, right: DigitRegion) -> bool:
    shared = min(left.right, right.right) - max(left.left, right.left)
    return shared >= _MIN_OVERLAP * min(left.width, right.width)


def remove_tiny_lines(lines: Lines) -> Lines:
    """The lines without those that are much lower than the line with the most ink."""
    main = max(lines, key=lambda line: sum(float(piece.ink.sum()) for piece in line))
    return [line for line in lines if line_height(line) >= _TINY * line_height(main)]


def line_height(line: list[DigitRegion]) -> float:
    return float(np.median([piece.height for piece in line if piece.height > 0.5 * max(p.height for p in line)]))

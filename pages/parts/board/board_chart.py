"""The small chart of the class board: predictions against results, or how often each choice was predicted."""

import math
from html import escape

from core.classroom.board import Board, BoardRow
from core.formatting import count
from core.runs.prediction import NUMBER

_MIN_SPAN = 2.0  # percentage points of the axes


def chart(board: Board) -> str:
    """The chart as HTML; empty where nothing can be drawn yet."""
    if board.assignment.asked.kind == NUMBER:
        return _scatter([row for row in board.rows if row.reached.final and row.predicted])
    return _choices(board)


def _scatter(rows: list[BoardRow]) -> str:
    """A point for each finished run: predicted to the right, reached upwards. On the diagonal, both are equal."""
    if not rows:
        return ""
    pairs = [
        (float(row.run.prediction.given), (row.reached.accuracy or 0.0) * 100) for row in rows if row.run.prediction
    ]
    low, high = _range([value for pair in pairs for value in pair])
    points = "".join(
        f'<i class="{"missed" if row.verdict.met is False else ""}" '
        f'style="left:{_place(x, low, high):.1f}%;bottom:{_place(y, low, high):.1f}%"></i>'
        for row, (x, y) in zip(rows, pairs, strict=True)
    )
    above = sum(y > x for x, y in pairs)
    alt = f"{count(len(pairs), 'finished run')}: {above} ended above the prediction, {len(pairs) - above} did not."
    labels = (
        f'<span class="x0">{low:g}%</span><span class="x">predicted</span><span class="x1">{high:g}%</span>'
        f'<span class="y0">{low:g}%</span><span class="y">reached</span><span class="y1">{high:g}%</span>'
    )
    plot = f'<div class="plot" role="img" aria-label="{alt}">{labels}{points}</div>'
    return f"<div><h3>Predictions and results</h3>{plot}</div>"


def _choices(board: Board) -> str:
    """How many runs predicted each option, and whether it was right."""
    predicted = [row.prediction.given for row in board.rows if row.prediction]
    options = board.assignment.asked.options
    if not predicted or not options:
        return ""
    lines = []
    for given, shown in options.items():
        rows = [row for row in board.rows if row.prediction and row.prediction.given == given]
        met = sum(row.verdict.met is True for row in rows)
        right = f", {met} met" if met else ""
        width = 100 * len(rows) / len(predicted)
        kind = "met" if met else ""
        bar = f'<div class="share {kind}" style="width:{width:.0f}%"></div>'
        lines.append(f"<div>{escape(shown)}: <b>{len(rows)}</b>{right}{bar}</div>")
    return f'<div><h3>Predictions</h3><div class="choices">{"".join(lines)}</div></div>'


def _range(values: list[float]) -> tuple[float, float]:
    """Whole percents around the values, within 0 and 100."""
    low, high = math.floor(min(values)), math.ceil(max(values))
    if high - low < _MIN_SPAN:
        low, high = low - 1, high + 1
    return max(low, 0), min(high, 100)


def _place(value: float, low: float, high: float) -> float:
    return 100 * (value - low) / (high - low)

"""The class board as HTML. Students write names and predictions: everything passes through `escape`."""

from html import escape
from pathlib import Path

from core.classroom.board import Board, BoardRow
from core.classroom.board_names import BoardNames
from core.formatting import count, percent
from core.runs.prediction import NUMBER
from core.runs.run import RUNNING
from pages.parts.board import board_chart
from pages.shared import palette

STYLE = f"<style>{(Path(__file__).parent / 'board.css').read_text('utf-8')}</style>"
_COLUMNS = ((4, 2), (9, 3), (16, 4))  # up to so many students: so many columns
_MOST_COLUMNS = 5


def board(board: Board, names: BoardNames) -> str:
    """Counts, one tile for each student with their newest run, and at the side the notable runs and the chart."""
    students = len(board.students)
    columns = next((columns for most, columns in _COLUMNS if students <= most), _MOST_COLUMNS)
    rows = max(-(-students // columns), 1)
    tiles = "".join(_tile(board, runs, names) for runs in board.students)
    empty = "" if tiles else "<p>No run yet. The board shows each run as soon as its student presses Start.</p>"
    side = "" if board.hides_results else _notable(board, names) + board_chart.chart(board)
    return (
        f'<div class="board" style="--columns:{columns};--rows:{rows}">{_counts(board)}'
        f'<div>{empty}<ul class="tiles">{tiles}</ul></div><aside>{side}</aside></div>'
    )


def _counts(board: Board) -> str:
    state = "open" if board.assignment.open else "closed"
    parts = [
        f"<span>The assignment is <b>{state}</b></span>",
        f"<span><b>{count(len(board.students), 'student')}</b></span>",
    ]
    parts.append(f"<span><b>{count(len(board.rows), 'run')}</b>, {board.active} in progress</span>")
    if board.hides_results:
        missing = board.assignment.hidden_until - len(board.students)
        parts.append(f"<span>Results appear when <b>{missing}</b> more have predicted</span>")
    else:
        if board.judged:
            parts.append(f"<span><b>{board.met} of {board.judged}</b> predictions met</span>")
        if others := board.with_other_data:
            parts.append(f"<span>Not ranked: <b>{count(others, 'run')}</b> of another data set</span>")
    return f'<p class="counts">{"".join(parts)}</p>'


def _tile(board: Board, runs: list[BoardRow], names: BoardNames) -> str:
    """A student: their newest run, and how many they have."""
    row = runs[-1]
    kind, badge = "", ""
    if not board.hides_results:
        if board.best in runs:
            kind, badge = "is-best", f'<span class="badge met">★ {_which(board.best, runs)}best</span>'
        if board.most_surprising in runs:
            kind += " is-surprising"
            badge += f'<span class="badge missed">! {_which(board.most_surprising, runs)}surprise</span>'
    name = escape(names.shown(row.starter))
    more = [f"run {len(runs)}"] if len(runs) > 1 else []
    return (
        f'<li class="tile {kind}"><div class="who" title="{name}">{badge}{name}</div>'
        f"{_hidden(row) if board.hides_results else _score(row)}"
        f'<div class="note">{escape(_note(board, row, more))}</div>'
        f"{_bar(row)}</li>"
    )


def _bar(row: BoardRow) -> str:
    """How far the run is, until it has finished."""
    return "" if row.reached.final else f'<div class="bar" style="width:{row.progress:.1%}"></div>'


def _which(row: BoardRow | None, runs: list[BoardRow]) -> str:
    """The number of the run where it is not the newest one, which the tile shows."""
    return "" if row is runs[-1] or row is None else f"run {runs.index(row) + 1}: "


def _score(row: BoardRow) -> str:
    kind, sign = {True: ("met", palette.RIGHT_SIGN), False: ("missed", palette.WRONG_SIGN), None: ("", "")}[
        row.verdict.met
    ]
    word = {True: "met", False: "not met", None: ""}[row.verdict.met]
    guess = escape(row.predicted)
    predicted = f'<span title="{guess}">predicted {guess}</span>' if guess else ""
    mark = f'<span class="{kind}" title="{word}">{sign} {word}</span>' if word else ""
    return (
        f'<div class="score"><b>{percent(row.reached.accuracy, 1)}</b>{mark}</div><div class="note">{predicted}</div>'
    )


def _hidden(row: BoardRow) -> str:
    return (
        f'<div class="score"><span class="met">{palette.RIGHT_SIGN} has predicted</span></div>' if row.predicted else ""
    )


def _note(board: Board, row: BoardRow, more: list[str]) -> str:
    """The state where it is not a normal one, the settings and the number of the run."""
    parts = [] if row.reached.final or row.state == RUNNING else [row.state]
    if not board.hides_results:
        parts += ["not ranked: other data set"] if board.has_other_data(row) else []
        parts += [row.settings] if row.settings else []
        parts += ["on training images"] if row.reached.accuracy is not None and row.reached.images == "training" else []
    return " · ".join([*parts, *more])


def _notable(board: Board, names: BoardNames) -> str:
    found = ""
    if (best := board.best) is not None:
        found += _run_of("★ Best run", best, names, percent(best.reached.accuracy))
    if (surprise := board.most_surprising) is not None:
        apart = f"predicted {surprise.predicted}, reached {percent(surprise.reached.accuracy)}."
        if surprise.run.prediction and surprise.run.prediction.asked.kind != NUMBER:
            apart = f"{apart} {surprise.verdict.sentence}"
        found += _run_of("! Most surprising run", surprise, names, apart)
    return found


def _run_of(title: str, row: BoardRow, names: BoardNames, words: str) -> str:
    settings = f"<br>{escape(row.settings)}" if row.settings else ""
    return f"<div><h3>{title}</h3><p>{escape(names.shown(row.starter))}: {escape(words)}{settings}</p></div>"

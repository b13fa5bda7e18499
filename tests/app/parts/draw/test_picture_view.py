"""A picture on Draw: its number, marks that are no digits, turns, and that nobody else sees it."""

import io

import numpy as np
import pytest
from PIL import Image

from core.drawing.strokes import Stroke, render
from tests.app.page import rerun
from tests.benchmarks import not_digits
from tests.written_digits import WAYS, render_lines


@pytest.fixture
def run(untrained_run):
    return untrained_run


def page_of_ones(*, turned: bool = False) -> bytes:
    strokes = [Stroke(np.array([[80.0 + 70 * at, 60.0], [75.0 + 70 * at, 160.0]]), 9.0) for at in range(3)]
    grey = 255 - render(strokes, 220, 320)[..., 0]
    file = io.BytesIO()
    Image.fromarray(np.rot90(grey) if turned else grey).save(file, "PNG")
    return file.getvalue()


def with_picture(app, content: bytes | None):
    app.session_state["draw_way"] = "picture"
    app = rerun(app)
    if content:
        app.file_uploader[0].set_value(("page.png", content, "image/png"))
        app = rerun(app)
    return app


def shown(app) -> str:
    return " ".join(block.value for block in (*app.markdown, *app.header, *app.caption, *app.info, *app.error))


def test_a_picture_gets_its_number_and_a_trust_for_each_digit(open_page, run):
    app = with_picture(open_page("draw", run=run.id), page_of_ones())
    assert not app.exception
    assert all(f"{at}: **" in shown(app) for at in (1, 2, 3))  # an untrained network may call them marks
    assert "Probability that" in shown(app) or "no digit" in shown(app)


def test_letters_of_a_page_are_boxed_as_no_digits_and_its_digits_are_read(open_page):
    rng, paper = np.random.default_rng(3), np.full((240, 900), 235.0)
    marks = [WAYS[2][0], not_digits.LETTERS["A"], WAYS[7][0], not_digits.LETTERS["K"], not_digits.LETTERS["M"]]
    for place, lines in enumerate(marks):
        ink = render_lines(rng, lines, 110, 7)
        at = 40 + 170 * place
        paper[60 : 60 + ink.shape[0], at : at + ink.shape[1]] -= 200 * ink
    file = io.BytesIO()
    Image.fromarray(paper.astype(np.uint8)).save(file, "PNG")
    app = with_picture(open_page("draw", run="shipped"), file.getvalue())
    assert "It reads **27**" in shown(app)
    assert "3 marks are no digits" in shown(app)
    assert "It is lower than the bars say" in shown(app)  # 99% stood beside a bar of 100.0%, without a word
    assert all(f"Mark {at}: **no digit**" in shown(app) for at in (2, 4, 5))


def test_one_digit_can_be_asked_for_and_a_turn_be_chosen(open_page, run):
    app = with_picture(open_page("draw", run=run.id), page_of_ones(turned=True))
    app.toggle[0].set_value(True)
    app = rerun(app)
    assert not app.exception
    assert "1: **" in shown(app)
    assert "2: **" not in shown(app)


def test_a_picture_of_something_else_than_digits_says_what_is_wrong(open_page, run):
    grey = np.full((100, 1000), 230, np.uint8)
    for at in range(48):
        grey[30:80, 20 + 20 * at : 24 + 20 * at] = 40
    file = io.BytesIO()
    Image.fromarray(grey).save(file, "PNG")
    app = with_picture(open_page("draw", run=run.id), file.getvalue())
    (error,) = (block.value for block in app.error)
    assert "40 digits" in error
    assert "print" in error


def test_a_picture_is_shown_to_nobody_else_and_leaves_no_file(open_page, run, home):
    app = with_picture(open_page("draw", run=run.id), None)
    before = {path for path in home.rglob("*") if path.is_file()}
    app = with_picture(app, page_of_ones())
    assert "1: **" in shown(app)
    another = with_picture(open_page("draw", run=run.id), None)
    assert "Choose a picture" in shown(another)
    assert "1: **" not in shown(another)
    assert {path for path in home.rglob("*") if path.is_file()} == before

"""The Draw page without a browser: a digit on the canvas, its switches, a number, and errors."""

import io
import json
import re
import shutil

import numpy as np
import pytest
from PIL import Image

from core.config.run_config import RunConfig
from core.data import mnist
from core.drawing.novelty import NoveltyResult
from core.runs.store import RunStore
from tests.app.draw_page import SEVEN, draw, html, path, rerun, shown


@pytest.fixture
def run(untrained_run):
    return untrained_run


def test_a_blank_canvas_gets_a_sentence_and_no_guess(open_page, run):
    app = open_page("draw", run=run.id)
    assert not app.exception
    assert "Draw a digit" in shown(app)
    assert not app.header


def test_a_link_chooses_the_network_also_when_another_was_chosen_before(open_page, run):
    app = open_page("draw", run="shipped")
    app.session_state["draw_way"] = "hand"
    app.query_params["run"] = run.id
    rerun(app)
    assert app.selectbox[0].value == run.id
    assert app.session_state["draw_way"] == "digit"


def test_ones_own_networks_stand_before_those_of_others(open_page, run, who):
    store = RunStore()
    made = [store.create(RunConfig(), name=name, starter=by) for name, by in (("mine", who("me")), ("theirs", "x"))]
    for each in made:
        shutil.copy(run.model_path, each.model_path)
    options = open_page("draw").selectbox[0].options
    assert options.index("mine · yours") < options.index("theirs")
    for each in made:
        store.delete(each.id)


def test_a_link_to_a_run_that_is_gone_is_reported_and_another_network_reads(open_page, run):
    app = open_page("draw", run="no-such-run")
    assert "There is no run 'no-such-run'." in app.warning[0].value
    assert not open_page("draw", run=run.id).warning


def test_a_drawing_gets_ten_bars_that_sum_to_one(open_page, run):
    app = draw(open_page("draw", run=run.id), SEVEN)
    assert not app.exception
    assert app.header[0].value.startswith("It reads")
    assert html(app).count('role="listitem"') == 10


def test_a_switched_off_step_shows_other_pictures(open_page, run):
    app = draw(open_page("draw", run=run.id), SEVEN)
    assert "Fitted into 20×20" in html(app)
    app.toggle(key="draw_keep_aspect").set_value(False)
    rerun(app)
    assert "Squeezed into 28×28" in html(app)
    assert "Fitted into 20×20" not in html(app)


@pytest.mark.parametrize("view", ["why", "probe", "everyone"])
def test_every_view_opens(open_page, run, view):
    app = draw(open_page("draw", run=run.id), SEVEN)
    app.session_state["draw_view"] = view
    rerun(app)
    assert not app.exception


def test_a_digit_sent_from_explore_is_the_very_image(open_page, run):
    app = open_page("draw", run=run.id, send="test:3")
    rerun(app)
    assert not app.exception
    assert "From MNIST" in shown(app)
    assert "As it is in MNIST" in html(app)


@pytest.mark.parametrize("sent", ["nowhere:3", "test:99999999", f"test:{'1' * 5000}"])
def test_a_link_to_no_digit_gets_a_sentence(open_page, run, sent):
    app = open_page("draw", run=run.id, send=sent)
    rerun(app)
    assert not app.exception
    assert "names no digit" in shown(app)


def test_a_number_is_read_from_left_to_right(open_page, run):
    app = open_page("draw", run=run.id)
    app.session_state["draw_way"] = "number"
    app = draw(app, SEVEN, path((400, 60), (400, 230)), key="number")
    assert not app.exception
    assert "2 digits found" in shown(app)
    assert html(app).count('role="listitem"') == 20


def test_one_digit_is_one(open_page, run):
    app = open_page("draw", run=run.id)
    app.session_state["draw_way"] = "number"
    app = draw(app, SEVEN, key="number")
    assert "1 digit found. Probability that it is correct: " in shown(app)


def test_a_sent_digit_leaves_no_complaint_in_the_log(open_page, run, caplog, monkeypatch):
    monkeypatch.setattr("streamlit.elements.lib.policies._shown_default_value_warning", False)  # it is logged once
    app = open_page("draw", run=run.id, send="train:5")
    app.session_state["draw_way"] = "hand"
    app.query_params["send"] = "train:6"
    rerun(app)
    assert app.session_state["draw_way"] == "digit"
    assert "default value" not in caplog.text


def test_what_a_browser_may_not_send_gets_a_sentence(open_page, run):
    app = draw(open_page("draw", run=run.id), {"type": "Path", "path": [["M", "x", 1]], "strokeWidth": 3})
    assert not app.exception
    assert "could not be read" in app.error[0].value


def test_the_pixel_grid_asks_for_pixels(open_page, run):
    app = open_page("draw", run=run.id)
    app.session_state["draw_way"] = "pixels"
    rerun(app)
    assert not app.exception
    assert "blank" in shown(app)


def test_a_picture_without_digits_gets_a_sentence():
    from core.drawing import photo
    from core.errors import DrawingError

    file = io.BytesIO()
    Image.new("L", (100, 100), 255).save(file, "PNG")
    with pytest.raises(DrawingError):
        photo.extract_photo_ink(photo.read(file.getvalue()))


LETTER_M = path((60, 240), (70, 60), (140, 200), (210, 60), (220, 240))


def test_a_letter_is_warned_of_and_a_digit_is_not(open_page, run):
    assert "This may be no digit" in shown(draw(open_page("draw", run=run.id), LETTER_M))
    assert "This may be no digit" not in shown(draw(open_page("draw", run=run.id), SEVEN))


def test_two_digits_in_the_place_of_one_are_read_as_a_number(open_page):
    one, seven = path((60, 60), (60, 230)), path((130, 60), (230, 60), (170, 230))
    app = draw(open_page("draw", run="shipped"), one, seven)
    assert not app.exception
    assert "2 digits stand here" in shown(app)
    assert "read as a number: **17**" in app.info[0].value  # the boxes are below a laptop's screen
    assert "It reads **17**" in shown(app)
    app = draw(open_page("draw", run="shipped"), seven)
    assert "stand here" not in shown(app)
    assert "It reads **7**" in shown(app)


def test_a_flat_line_has_no_picture_wider_than_the_others(open_page, run):
    app = draw(open_page("draw", run=run.id), path((60, 100), (240, 100)))
    (row,) = [each.proto.body for each in app.get("html") if "1. Ink found" in each.proto.body]
    assert max(int(width) for width in re.findall(r'width="(\d+)"', row)) <= 224


def test_the_labels_of_similar_images_are_not_cut(open_page, run, monkeypatch):
    """ "4 · training 12345" was "4 · traini…" under each."""
    verdict = NoveltyResult(1.0, True, np.arange(5), np.ones(5, np.float32))
    monkeypatch.setattr("pages.parts.draw.novelty_warning.check_novelty", lambda digit: verdict)
    app = draw(open_page("draw", run=run.id), LETTER_M)
    labels = mnist.load().train.labels[:5]
    grids = [json.loads(each.proto.json)[0] for each in app.get("bidi_component") if "draw_nearest" in each.proto.id]
    assert [str(label) for label in labels] in [grid["captions"] for grid in grids]

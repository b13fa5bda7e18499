"""The Draw page without a browser: a digit on the canvas, its switches, a number, corrections and errors."""

import io
import shutil

import numpy as np
import pytest
from PIL import Image

from core.config.run_config import RunConfig
from core.drawing.personal_digits import PersonalDigits
from core.jobs.personalise import Personalisation
from core.runs.store import RunStore
from pages.shared import visitor


@pytest.fixture
def run(untrained_run):
    return untrained_run


@pytest.fixture
def who(monkeypatch):
    """`who("a pupil")` looks at the page from now on: a browser's secret and the visitor's id."""

    def who(secret: str) -> str:
        monkeypatch.setattr(visitor, "_secret", secret.encode)
        return visitor.visitor()

    return who


@pytest.fixture
def personal(home, who):
    yield PersonalDigits(who("a pupil"), home)
    shutil.rmtree(home / "hand", ignore_errors=True)


def rerun(app):
    """Runs the page once more where it is. AppTest runs the page's file alone, which bounces and loses clicks."""
    app.session_state["_inside_navigation"] = True
    return app.run()


def path(*points, width=20):
    commands = [["M", *points[0]], *[["L", *point] for point in points[1:]]]
    return {"type": "Path", "path": commands, "strokeWidth": width}


SEVEN = path((60, 60), (220, 60), (120, 240))


def draw(app, *paths, key="draw"):
    """Puts strokes on the canvas as its component does when a pen is lifted."""
    app.session_state[f"{key}-state"] = {
        "mounted": 1,
        "initial": {"objects": list(paths)},
        "drawn": {"objects": list(paths)},
    }
    return rerun(app)


def shown(app) -> str:
    blocks = (*app.markdown, *app.header, *app.caption, *app.info, *app.warning, *app.success, *app.error)
    return " ".join(block.value for block in blocks)


def press(app, label: str):
    """Presses the button whose label begins so, and sees what the page then shows."""
    next(button for button in app.button if button.label.startswith(label)).click()
    return rerun(app)


def html(app) -> str:
    return " ".join(element.proto.body for element in app.main if element.type == "html") or " ".join(
        element.proto.body for element in app.get("html")
    )


def test_a_blank_canvas_gets_a_sentence_and_no_guess(open_page, run):
    app = open_page("draw", run=run.id)
    assert not app.exception
    assert "Draw a digit" in shown(app)
    assert not app.header


def test_a_link_chooses_the_network_also_when_another_was_chosen_before(open_page, run):
    app = open_page("draw", run="shipped")
    app.session_state["draw_way"] = "hand"
    app.query_params["run"] = run.id
    app.session_state["_inside_navigation"] = True
    app.run()
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


def my_hand(app):
    app.session_state["draw_way"] = "hand"
    return rerun(app)


def test_my_hand_shows_what_is_kept_and_forgets_it_till_it_is_brought_back(open_page, run, personal):
    personal.add(np.full((28, 28), 9, np.uint8), 4)
    app = my_hand(open_page("draw", run=run.id))
    assert "**1 digit** saved" in shown(app)
    press(app, "Delete all")
    assert personal.all() == []
    press(app, "Restore it")
    assert [one.label for one in personal.all()] == [4]


def test_another_visitor_neither_sees_my_hand_nor_forgets_it(open_page, run, personal, who):
    personal.add(np.full((28, 28), 9, np.uint8), 4)
    who("another pupil")
    app = my_hand(open_page("draw", run=run.id))
    assert "You have no saved digits yet" in shown(app)
    assert not [button for button in app.button if button.label.startswith(("Delete", "Restore"))]
    assert len(personal.all()) == 1


def test_digits_of_an_earlier_version_are_offered_once(open_page, run, personal, home):
    (home / "hand").mkdir()
    Image.new("L", (28, 28), 9).save(home / "hand" / "1600000000000-3c4d-7.png")
    app = my_hand(open_page("draw", run=run.id))
    assert "**1 digit** here" in shown(app)
    press(app, "It is mine")
    assert [one.label for one in personal.all()] == [7]
    assert "**1 digit** here" not in shown(app)


def test_a_correction_is_kept_once_and_that_is_reported(open_page, run, personal):
    app = draw(open_page("draw", run=run.id), SEVEN)
    predicted = int(app.header[0].value.split()[2].strip("*,"))
    app.session_state[f"draw_said_{predicted}"] = 7
    rerun(app)
    press(app, "Save to my digits")
    assert "Saved as a 7 of your hand." in shown(app)
    assert next(button for button in app.button if button.label == "Save to my digits").disabled
    app.session_state[f"draw_said_{predicted}"] = 1
    rerun(app)
    press(app, "Save to my digits")
    assert "Saved as a 1 of your hand." in shown(app)
    assert [one.label for one in personal.all()] == [1]
    assert [button.label for button in app.button].count("Train a copy on them") == 1


def test_what_a_full_hand_refuses_is_reported(open_page, run, personal, monkeypatch):
    monkeypatch.setattr("core.drawing.personal_digits.MAX_DIGITS", 0)
    app = draw(open_page("draw", run=run.id), SEVEN)
    predicted = int(app.header[0].value.split()[2].strip("*,"))
    app.session_state[f"draw_said_{predicted}"] = 7
    rerun(app)
    press(app, "Save to my digits")
    assert "Delete some first" in shown(app)


def finished_personalisation(personal, store, **gain):
    """As if a teaching had just ended so."""
    mine = {
        "mine": (0.4, 0.7),
        "judged": 10,
        "held_back": True,
        "others": (0.9, 0.88),
        "images": 3000,
        "seconds": 4.2,
        "newest": [4, 9, 4],
    }
    result = {"gain": {**mine, **gain}, "title": "A network", "run_id": "gone"}
    teaching = Personalisation(personal.folder.name, store)
    personal.add(np.full((28, 28), 9, np.uint8), 4)
    assert teaching.task.execute(lambda report: result) == 0


@pytest.mark.parametrize(
    ("split", "words"),
    [("validation", "3,000 validation images, because the test set is sealed"), ("test", "3,000 test images")],
)
def test_the_gain_names_the_images_it_was_judged_by(open_page, run, personal, split, words):
    finished_personalisation(personal, RunStore(), split=split)
    app = my_hand(open_page("draw", run=run.id))
    assert not app.exception
    assert [metric.value for metric in app.metric] == ["read as 4", "70%", "88.00%"]
    assert words in shown(app)
    assert all(part in shown(app) for part in ("a 4. Before: read as 9", "Before: 40%", "Before: 90.00%", "took 4.2 s"))


def test_a_personalisation_that_failed_says_why(open_page, run, personal):
    personal.add(np.full((28, 28), 9, np.uint8), 4)
    teaching = Personalisation(personal.folder.name, RunStore())
    with pytest.raises(Exception, match="There is no run"):
        teaching.task.execute(lambda report: teaching.train_copy("no-such-run", None, report))
    assert "The training failed: There is no run" in shown(my_hand(open_page("draw", run=run.id)))


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

"""My hand on Draw: digits that are kept, corrections, and what training a copy brought."""

import numpy as np
import pytest
from PIL import Image

from core.jobs.personalise import Personalisation
from core.runs.store import RunStore
from tests.app.draw_page import SEVEN, draw, press, rerun, shown


@pytest.fixture
def run(untrained_run):
    return untrained_run


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


def save_as(app, label: int) -> None:
    """Says which digit the drawing is, and saves it."""
    predicted = int(app.header[0].value.split()[2].strip("*,"))
    app.session_state[f"draw_said_{predicted}"] = label
    rerun(app)
    press(app, "Save to my digits")


def test_a_correction_is_kept_once_and_that_is_reported(open_page, run, personal):
    app = draw(open_page("draw", run=run.id), SEVEN)
    save_as(app, 7)
    assert "Saved as a 7 of your hand." in shown(app)
    assert next(button for button in app.button if button.label == "Save to my digits").disabled
    save_as(app, 1)
    assert "Saved as a 1 of your hand." in shown(app)
    assert [one.label for one in personal.all()] == [1]
    assert [button.label for button in app.button].count("Train a copy on them") == 1


def test_what_a_full_hand_refuses_is_reported(open_page, run, personal, monkeypatch):
    monkeypatch.setattr("core.drawing.personal_digits.MAX_DIGITS", 0)
    app = draw(open_page("draw", run=run.id), SEVEN)
    save_as(app, 7)
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


@pytest.mark.parametrize(
    ("held_back", "judged", "label", "words"),
    [
        (True, 10, "Others of my hand", "On 10 digits of yours; it was not trained on them."),
        (False, 1, "All my digits", "On 1 digit of yours; it was trained on it too."),
    ],
)
def test_digits_that_were_trained_on_are_not_called_others(open_page, run, personal, held_back, judged, label, words):
    finished_personalisation(personal, RunStore(), split="test", held_back=held_back, judged=judged)
    app = my_hand(open_page("draw", run=run.id))
    assert [metric.label for metric in app.metric][1] == label
    assert words in shown(app)


def test_a_personalisation_that_failed_says_why(open_page, run, personal):
    personal.add(np.full((28, 28), 9, np.uint8), 4)
    teaching = Personalisation(personal.folder.name, RunStore())
    with pytest.raises(Exception, match="There is no run"):
        teaching.task.execute(lambda report: teaching.train_copy("no-such-run", None, report))
    assert "The training failed: There is no run" in shown(my_hand(open_page("draw", run=run.id)))

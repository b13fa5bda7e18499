"""Prepare: every step opens on any digit, answers its controls in sentences, and shows numbers computed elsewhere."""

import json
import re
from base64 import b64decode
from collections.abc import Callable
from html import unescape

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core.augment.handwriting_styles import STYLED_DIGITS
from core.data import mnist
from pages.parts.prepare import loss_step
from pages.parts.prepare.steps import FOR_PROGRAMMERS, NAMES, TITLES
from tests.app.page import rerun

Open = Callable[..., AppTest]


def words(app: AppTest) -> str:
    """All text on the page, that in HTML included, without tags."""
    html = [element.proto.body for element in app.get("html")]
    return unescape(
        re.sub(r"<style>.*?</style>|<[^>]+>", " ", " ".join(html + [m.value for m in app.markdown]), flags=re.S)
    )


def code(app: AppTest) -> str:
    return "\n".join(element.value for element in app.code)


def grid_data(app: AppTest) -> dict:
    """What the page sends to its first grid of digits."""
    return json.loads(app.get("bidi_component")[0].proto.json)[0]


@pytest.mark.parametrize("step", NAMES)
def test_every_step_opens_and_shows_code_numbers_and_what_may_go_wrong(step: str, open_page: Open):
    app = open_page("prepare", step=step, index="3")
    assert not app.exception
    assert not app.error
    assert app.header[0].value == f"{NAMES.index(step) + 1}. {TITLES[step]}"
    assert code(app)
    assert "What could go wrong" in words(app)
    assert re.search(r"u?int\d|float\d|\d+/\d+", words(app))


def test_a_step_names_the_number_of_images_in_use(open_page: Open, embedded, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("pages.shared.caches.data", lambda: embedded)
    app = open_page("prepare", step="flatten")
    assert f"reshape({len(embedded.train)}, 784)" in code(app)
    assert "60,000" not in words(app)


@pytest.mark.parametrize("index", ["7", "9", "1234"])
def test_comments_start_in_one_column_however_long_the_numbers_are(index: str, open_page: Open):
    app = open_page("prepare", step="tensors", index=index)
    for block in app.code:
        columns = {line.index("#") for line in block.value.splitlines() if "#" in line}
        assert len(columns) == 1, block.value


@pytest.mark.parametrize("index", [0, 1, -1])
def test_a_digit_of_nothing_but_paper_or_ink_or_the_last_one_is_no_trouble(
    index: int, open_page: Open, monkeypatch: pytest.MonkeyPatch, embedded
):
    images = embedded.train.images.copy()
    images[:2] = np.array([0, 255], np.uint8)[:, None, None]
    data = embedded._replace(train=mnist.Digits(images, embedded.train.labels))
    monkeypatch.setattr("pages.shared.caches.data", lambda: data)
    app = open_page("prepare", index=str(index % len(images)))
    for step in NAMES:
        app.query_params["step"] = step
        rerun(app, None)
        assert app.header[0].value.endswith(TITLES[step])
        assert not app.exception, step


def test_next_leads_through_all_steps_and_back(open_page: Open):
    app = open_page("prepare")
    for name in NAMES[1:]:
        rerun(app, app.button(key="after").click())
        assert app.query_params["step"] == name
    assert not [button for button in app.button if button.key == "after"]
    rerun(app, app.button(key="before").click())
    assert app.query_params["step"] == NAMES[-2]


def test_the_digit_stays_when_the_step_changes(open_page: Open):
    app = open_page("prepare", index="11")
    rerun(app, app.button(key="after").click())
    assert app.query_params["index"] == "11"
    assert app.number_input(key="prepare_index").value == 11


def test_another_digit_is_put_into_the_link(open_page: Open):
    app = open_page("prepare")
    rerun(app, app.number_input(key="prepare_index").set_value(21))
    assert app.query_params["index"] == "21"


@pytest.mark.parametrize("index", ["-1", "70000", "seven", "", "9" * 5000, "1e3", "٣٣٣٣٣٣٣"])
def test_an_index_that_does_not_exist_is_answered_with_a_sentence(index: str, open_page: Open):
    app = open_page("prepare", index=index)
    assert not app.exception
    assert "The number must be a whole number from 0 to" in app.warning[0].value
    assert "Received" not in app.warning[0].value
    assert app.number_input(key="prepare_index").value == 7


def test_an_unknown_step_is_answered_with_the_steps_there_are(open_page: Open):
    app = open_page("prepare", step="magic")
    assert "'magic'" in app.warning[0].value
    assert app.header[0].value == "1. Tensors"


def test_what_a_bad_link_is_answered_with_does_not_follow_through_the_lesson(open_page: Open):
    app = open_page("prepare", index="seven", step="magic")
    assert len(app.warning) == 2
    rerun(app, app.button(key="after").click())
    assert not app.warning
    assert app.query_params["index"] == "7"
    assert app.query_params["step"] == NAMES[1]


def test_60_000_in_batches_of_128_are_469_steps_the_last_of_96(open_page: Open):
    app = open_page("prepare", step="batches")
    assert "60,000 ÷ 128 = 468.75, rounded up: 469 steps" in words(app)
    assert "so the last batch holds only **96**" in words(app)
    assert "A batch of 1 makes 60,000 steps" in words(app)
    assert "469/469" in code(app)


@pytest.mark.parametrize(
    ("n", "size", "steps"), [(1000, 4096, 1), (60_000, 1, 60_000), (10_000, 2, 5000), (54_000, 32, 1688)]
)
def test_batches_of_any_size(n: int, size: int, steps: int, open_page: Open):
    app = open_page("prepare", step="batches")
    app.select_slider(key="prepare_images").set_value(n)
    rerun(app, app.select_slider(key="prepare_batch").set_value(size))
    assert not app.exception
    assert f"{steps:,} step" in words(app)


@pytest.mark.parametrize(
    ("n", "size", "sentences"),
    [
        (1000, 4096, ["1,000 ÷ 4,096 = 0.24, rounded up: 1 step", "All 1,000 images fit into one batch"]),
        (1000, 1, ["1,000 ÷ 1 = 1,000 steps", "All 1,000 batches are full"]),
        (1000, 512, ["1 batch of 512 holds 512 images. 488 are left, so the last batch holds only **488**"]),
    ],
)
def test_batches_are_counted_in_true_sentences(n: int, size: int, sentences: list[str], open_page: Open):
    app = open_page("prepare", step="batches")
    app.select_slider(key="prepare_images").set_value(n)
    rerun(app, app.select_slider(key="prepare_batch").set_value(size))
    for sentence in sentences:
        assert sentence in words(app)


@pytest.mark.parametrize("shape", ["(3, 1)", "(1, 3)", "(3,)", "()", "(2,)"])
def test_broadcasting_says_what_numpy_says(shape: str, open_page: Open):
    app = open_page("prepare", step="broadcasting")
    rerun(app, app.button_group(key="prepare_second").set_value(shape))
    assert not app.exception
    second = {"(3, 1)": [[10], [20], [30]], "(1, 3)": [[10, 20, 30]], "(3,)": [10, 20, 30], "()": 10, "(2,)": [10, 20]}
    first = np.arange(1, 10).reshape(3, 3)
    if shape == "(2,)":
        with pytest.raises(ValueError, match="broadcast") as refused:
            first + np.array(second[shape])
        assert app.error[0].value.startswith(str(refused.value).strip())
    else:
        total = first + np.array(second[shape])
        assert " ".join(map(str, total.ravel())) in re.sub(r"\s+", " ", words(app))


def test_both_losses_show_the_same_number(open_page: Open):
    shown = words(open_page("prepare", step="loss", index="4"))
    by_ten = re.search(r"sum\s+1\s+1\.0000\s+([\d.]+)", shown)
    assert by_ten
    assert f"= {by_ten[1]}" in shown
    assert "The same number." in shown


@pytest.mark.parametrize("share", [0.0, 1e-4, 0.01, 0.1, 0.3, 0.55, 0.6, 0.81, 0.95, 1.0])
def test_the_curve_of_the_loss_does_not_run_through_its_label(share: float):
    svg = b64decode(re.findall(r"base64,([^']+)", loss_step._curve(max(share, 1e-30)))[0]).decode()
    left, bottom = map(float, re.findall(r"<text x='(\d+)' y='(\d+)' font-size='16'", svg)[0])
    curve = [tuple(map(float, point.split(","))) for point in re.findall(r"points='([^']+)'", svg)[0].split()]
    assert all(y > bottom for x, y in curve if left <= x <= left + loss_step._LABEL)
    assert left + loss_step._LABEL <= float(re.findall(r"viewBox='0 0 (\d+)", svg)[0])


def test_equal_probabilities_are_no_prediction(open_page: Open):
    app = open_page("prepare", step="softmax")
    assert "The prediction is **" in words(app)
    rerun(app, app.slider(key="prepare_scale").set_value(0.0))
    assert "0, 1, 2, 3, 4, 5, 6, 7, 8 and 9 have the same probability, so there is no prediction." in words(app)


def test_the_end_of_the_slider_of_softmax_twice_has_the_number_of_its_bar(open_page: Open, embedded):
    app = open_page("prepare", step="twice", index="4")
    rerun(app, app.slider(key="prepare_sure").set_value(10.0))
    drawn = max(float(share) for share in re.findall(r"([\d.]+)%", words(app).split("Softmax twice")[-1][:200]))
    assert f"the highest bar of this image is **{drawn:.1f}%**" in words(app)
    assert "e to that power" in words(app)


def test_softmax_twice_names_both_limits_and_the_floor_of_the_loss(open_page: Open):
    app = open_page("prepare", step="twice")
    rerun(app, app.slider(key="prepare_sure").set_value(10.0))
    for text in ("8.5%", "23.2%", "1.46"):
        assert text in words(app)


@pytest.mark.parametrize(
    ("verbose", "line"), [(0, "(no output)"), (1, "━━━━"), (2, "469/469 - 2s - 4ms/step - accuracy: 0.9243")]
)
def test_what_fit_prints(verbose: int, line: str, open_page: Open):
    app = open_page("prepare", step="verbose")
    rerun(app, app.button_group(key="prepare_verbose").set_value(verbose))
    assert line in words(app)
    assert f"verbose={verbose}" in code(app)


def test_the_bar_grows_with_the_steps(open_page: Open):
    app = open_page("prepare", step="verbose")
    rerun(app, app.select_slider(key="prepare_moment").set_value(1))
    assert "17:20 2s/step" in words(app)
    assert "val_accuracy: " not in words(app)


@pytest.mark.parametrize("name", ["rotation", "shift", "zoom", "shear", "thickness", "noise", "cover"])
def test_each_distortion_has_a_slider_that_reaches_its_function(name: str, open_page: Open):
    app = open_page("prepare", step="augment")
    rerun(app, app.button_group(key="prepare_how").set_value("One at a time"))
    slider = app.slider(key=f"prepare_{name}")
    rerun(app, slider.set_value(slider.max))
    assert not app.exception
    assert f"{name}={slider.max:g}" in code(app)


def test_augmentation_is_handed_to_train_by_link(open_page: Open):
    app = open_page("prepare", step="augment")
    app.slider(key="prepare_knob_pen").set_value(0.3)
    rerun(app, app.slider(key="prepare_knob_augmentation").set_value(0.8))
    assert any("augmentation=0.8&pen=0.3" in str(element.proto) for element in app.get("page_link"))
    assert "RunConfig(augmentation=0.8, pen=0.3)" in code(app)


def test_the_digits_with_european_styles_are_the_ones_that_training_restyles(open_page: Open):
    captions = " ".join(caption.value for caption in open_page("prepare", step="augment").caption)
    assert "European styles change only 1, 4, 7 and 9" in captions
    assert STYLED_DIGITS == (1, 4, 7, 9)


def test_wrong_labels_are_counted(open_page: Open):
    app = open_page("prepare", step="harder")
    app.select_slider(key="prepare_n").set_value(500)
    rerun(app, app.slider(key="prepare_wrong").set_value(0.4))
    assert "**200** of 500 labels are wrong" in words(app)


@pytest.mark.parametrize(
    ("wrong", "outlook"),
    [
        (0.0, "memorise images even if all labels are right"),
        (0.4, "stays near **60%** in training"),
        (0.9, "nothing left to learn"),
    ],
)
def test_the_effect_of_wrong_labels_is_described(wrong: float, outlook: str, open_page: Open):
    app = open_page("prepare", step="harder")
    rerun(app, app.slider(key="prepare_wrong").set_value(wrong))
    assert outlook in words(app)


def test_the_code_of_making_it_harder_runs_as_it_stands(open_page: Open, embedded, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(mnist, "load", lambda: embedded)
    made: dict = {}
    exec(open_page("prepare", step="harder").code[0].value, made)
    assert len(made["training"]) == 1000


@pytest.mark.parametrize("many", [False, True])
def test_every_version_of_the_augmented_digit_has_a_name(many: bool, open_page: Open):
    app = open_page("prepare", step="augment")
    if many:
        rerun(app, app.toggle(key="prepare_many").set_value(True))
    captions = grid_data(app)["captions"]
    assert len(captions) == 25
    assert all(captions)


@pytest.mark.parametrize("n", [20, 57, 250])
def test_every_step_opens_on_a_small_data_set(n: int, open_page: Open, monkeypatch: pytest.MonkeyPatch, embedded):
    held_out = max(n // 10, 1)
    data = embedded._replace(
        train=embedded.train[: n - held_out], validation=embedded.validation[:held_out], test=embedded.test[:5]
    )
    monkeypatch.setattr("pages.shared.caches.data", lambda: data)
    app = open_page("prepare", index=str(n - held_out - 1))
    for step in NAMES:
        app.query_params["step"] = step
        rerun(app, None)
        assert not app.exception, step
        assert not app.error, step
        assert app.header[0].value.endswith(TITLES[step])


@pytest.mark.parametrize("step", NAMES)
def test_no_heading_level_is_skipped(step: str, open_page: Open):
    app = open_page("prepare", step=step)
    written = [re.match(r"#+(?= )", element.value) for element in app.markdown]
    levels = {len(match[0]) for match in written if match}
    assert levels <= {3}  # the step's title is a heading of level 2


@pytest.mark.parametrize("step", NAMES)
def test_steps_for_programmers_are_marked(step: str, open_page: Open):
    captions = " ".join(caption.value for caption in open_page("prepare", step=step).caption)
    assert ("For programmers" in captions) == (step in FOR_PROGRAMMERS)


@pytest.mark.parametrize("name", ["index", "step"])
def test_a_warning_names_the_value_without_the_word_received(name: str, open_page: Open):
    app = open_page("prepare", **{name: "magic"})
    assert "'magic'" in app.warning[0].value
    assert "Received" not in app.warning[0].value

"""The Explore page without a browser: every view, good and bad links, filters with and without a result."""

import numpy as np
import pytest

from core.data import mnist, morphology, outliers
from core.data.cache import fingerprint
from pages.parts.explore import state
from pages.parts.explore.grid_view import ORDERS, in_order
from pages.parts.explore.numbers_view import as_table
from pages.parts.explore.views import VIEWS
from tests.app.page import rerun


@pytest.fixture(scope="module")
def data():
    return mnist.load()


def texts(app) -> str:
    return " ".join(element.value for kind in (app.markdown, app.caption, app.info, app.warning) for element in kind)


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_opens_by_its_link(open_page, view):
    app = open_page("explore", view=view)
    assert not app.exception
    assert not app.error
    assert not app.warning


def test_a_link_opens_a_digit(open_page, data):
    app = open_page("explore", split="test", index="3")
    assert app.header[0].value == f"Test digit 3: a {data.test.labels[3]}"


def test_the_number_of_images_that_are_compared_is_that_of_the_splits_it_names(open_page, data):
    """It counted the validation images among the "training images", of which the page shows fewer."""
    app = open_page("explore")
    assert f"Training {len(data.train):,}" in str(app.segmented_control)
    assert f"{len(data.train) + len(data.validation):,} training and validation images" in texts(app)


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ({"index": "99999999"}, "it is a whole number from 0 to"),
        ({"index": "-1"}, "There is no digit with index '-1'"),
        ({"index": "²"}, "it is a whole number from 0 to"),
        ({"index": "three"}, "There is no digit with index 'three'"),
        ({"index": "1" * 5000}, f"There is no digit with index '{'1' * 20}'"),
        ({"split": "everything"}, "There is no split 'everything', only train, validation, test."),
        ({"view": "upside-down"}, "There is no view 'upside-down', only grid, "),
    ],
)
def test_a_wrong_link_gets_a_sentence(open_page, query, sentence):
    app = open_page("explore", **query)
    assert not app.exception
    assert sentence in app.warning[0].value


def test_choosing_digits_filters_the_grid(open_page, data):
    app = open_page("explore")
    app.session_state["explore_digits"] = [3, 8]
    rerun(app)
    counts = data.train.counts
    assert f"{counts[3] + counts[8]:,} training images of 3, 8" in texts(app)


@pytest.mark.parametrize("view", VIEWS)
def test_an_empty_choice_is_a_sentence_in_every_view(open_page, view):
    app = open_page("explore", view=view)
    app.session_state["explore_lasso"] = ("train", np.zeros(0, np.int64))
    rerun(app)
    assert not app.exception
    if view == "grid":
        assert "There are no training images" in texts(app)


@pytest.mark.parametrize(("split", "shown"), [("train", 1), ("test", 0)])
def test_what_was_chosen_on_the_map_is_named_where_it_keeps_others_out(open_page, split, shown):
    app = open_page("explore", split=split)
    app.session_state["explore_lasso"] = ("train", np.arange(7))
    rerun(app)
    assert len([button for button in app.button if button.label == "7 selected on the map"]) == shown
    assert ("7 training images selected on the map" in texts(app)) == shown


@pytest.mark.parametrize("order", ORDERS)
def test_every_order_shows_each_chosen_digit_once(data, order, monkeypatch):
    monkeypatch.setattr("streamlit.session_state", {})
    positions = np.arange(0, 600, 2)
    choice = state.Choice("train", positions, "300 training images", (), positions)
    ordered = in_order(data, choice, state.Opened("train", 100), order)
    if order == "around":
        assert ordered.tolist() == list(range(80, 121, 2))
    else:
        assert sorted(ordered) == positions.tolist()


def test_the_neighbourhood_of_an_index_is_ten_on_either_side(data):
    positions = np.arange(len(data.train))
    choice = state.Choice("train", positions, "", (), positions)
    around = [in_order(data, choice, state.Opened("train", index), "around").tolist() for index in (2000, 0)]
    assert around == [list(range(1990, 2011)), list(range(11))]


def test_sorting_by_ink_begins_with_the_least(data):
    positions = np.arange(500)
    choice = state.Choice("train", positions, "", (), positions)
    here = state.Opened("train", 0)
    ink = data.train.images[in_order(data, choice, here, "ink")].mean(axis=(1, 2))
    assert ink.tolist() == sorted(ink)
    falling = data.train.images[in_order(data, choice, here, "ink", falling=True)].mean(axis=(1, 2))
    assert falling.tolist() == sorted(ink, reverse=True)


def test_numbers_are_printed_three_characters_each(data):
    lines = as_table(data.train.images[0]).split("\n")
    assert len(lines) == 28
    assert {len(line) for line in lines} == {28 * 4 - 1}
    assert [int(value) for value in lines[10].split()] == data.train.images[0, 10].tolist()


def test_row_10_of_digit_2000_reads_as_in_the_tutorial(open_page, real_mnist):
    app = open_page("explore", view="numbers", index="2000")
    row = " ".join(["0"] * 9 + ["92", "255", "254", "254", "119"] + ["0"] * 14)
    assert f"image[10] = {row}" in [code.value for code in app.code]


def test_counts_are_exact(open_page, real_mnist):
    table = texts(open_page("explore", view="counts"))
    assert " %" not in table  # one way to write a share
    for count in (5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949, 980, 1135):
        assert f"| {count:,} |" in table


def test_a_set_with_a_digit_missing_is_no_error(open_page, data, monkeypatch):
    without = data._replace(
        train=data.train[data.train.labels != 4][:500],
        validation=data.validation[data.validation.labels != 4][:100],
        test=data.test[data.test.labels != 4][:100],
    )
    monkeypatch.setattr(mnist, "load", lambda: without)
    from pages.shared import caches

    caches.data.clear()
    try:
        for view in VIEWS:
            app = open_page("explore", view=view)
            assert not app.exception, view
            app.session_state["explore_digits"] = [4]
            rerun(app)
            assert not app.exception, view
            if view == "grid":
                assert "There are no training images of 4" in texts(app)
            if view == "counts":
                assert "No training image shows 4" in texts(app)
    finally:
        monkeypatch.undo()
        caches.data.clear()


def test_each_measure_of_a_digit_is_explained_where_it_is_read_and_where_it_orders(open_page):
    app = open_page("explore")
    measures = next(caption for caption in app.caption if caption.value.startswith("Compared with the other"))
    for helped in (measures.proto.help, app.selectbox(key="explore_order").help):
        for words in morphology.MEASURES.values():
            assert words in helped


def test_the_box_of_twenty_is_where_digits_are_fitted_and_not_where_they_lie(open_page, data):
    rows, columns = data.train.images.any(axis=2), data.train.images.any(axis=1)
    for lines in (rows, columns):
        assert (28 - lines[:, ::-1].argmax(axis=1) - lines.argmax(axis=1)).max() == 20
        assert lines.any(axis=0).sum() > 20
    assert "then moves its centre of mass to the middle of the image" in texts(open_page("explore", view="means"))


def test_no_near_duplicate_of_a_digit_is_not_laid_to_the_split_which_they_do_not_heed(open_page, monkeypatch):
    monkeypatch.setattr(
        "core.data.studies.Study.result", lambda study: {"neighbours": None, "distances": np.zeros((1, 5))}
    )
    monkeypatch.setattr("core.data.outliers.near_duplicates", lambda *_: np.zeros((0, 2), np.int64))
    app = open_page("explore", view="odd")
    app.session_state["explore_odd_kind"], app.session_state["explore_digits"] = "duplicates", [3]
    rerun(app)
    assert [info.value for info in app.info] == ["No test image of 3 is close to a training image."]


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        ("labels", "150 of these are among the {train:,} training images. The first 100 are shown."),
        ("outliers", "Among the {train:,} training images. The first 100 are shown."),
        ("duplicates", "{test:,} pairs, one for each test image, for any chosen split. The first 50 are shown."),
    ],
)
def test_the_outliers_say_how_many_of_how_many_are_shown(open_page, data, monkeypatch, kind, sentence):
    n = sum(map(len, data[:3]))
    shares = np.full((n, 10), 0.1, np.float32)
    result = {"neighbours": np.zeros((n, 5), int), "distances": np.ones((n, 5), np.float32), "probabilities": shares}
    suspect = outliers.LabelErrors(np.arange(150), np.ones(150, int), np.zeros(150))
    monkeypatch.setattr("core.data.studies.Study.result", lambda study: result)
    monkeypatch.setattr("pages.parts.explore.outliers_view._label_errors", lambda *_: suspect)
    app = open_page("explore", view="odd")
    app.session_state["explore_odd_kind"] = kind
    rerun(app)
    assert sentence.format(train=len(data.train), test=len(data.test)) in texts(app)
    assert "Under each: " in texts(app)


@pytest.mark.parametrize(("order", "under"), [("index", "label · index"), ("ink", "label · ink")])
def test_the_grid_says_what_is_under_each_image(open_page, order, under):
    app = open_page("explore")
    rerun(app, app.selectbox(key="explore_order").set_value(order))
    assert f"Under each: {under}." in texts(app)


def test_positions_through_all_splits_are_found_again(data):
    train, validation = len(data.train), len(data.validation)
    assert data.locate(0) == ("train", 0)
    assert data.locate(train - 1) == ("train", train - 1)
    assert data.locate(train) == ("validation", 0)
    assert data.locate(train + validation + 7) == ("test", 7)


def test_the_nearest_images_do_not_hold_the_digit_itself(open_page, data):
    app = open_page("explore", index="17")
    assert "training and validation images, pixel by pixel" in texts(app)
    from pages.parts.explore.one_digit import _nearest_of

    found = _nearest_of("train", 17, fingerprint(data), data)
    assert ("train", 17) not in [(split, index) for split, index, _ in found]
    gaps = [np.linalg.norm(data.train.images[17] / 255 - getattr(data, s).images[i] / 255) for s, i, _ in found]
    assert gaps == pytest.approx([distance for *_, distance in found], abs=1e-3)
    assert gaps == sorted(gaps)

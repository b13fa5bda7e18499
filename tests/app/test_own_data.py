"""A data set of one's own on the pages: what is wrong with it, its fixes, and the names of its classes."""

import numpy as np
import pytest
import streamlit as st

from core.config.run_config import RunConfig
from core.data import fixes, mnist
from core.runs.store import RunStore
from core.training import models
from pages.shared import caches
from pages.shared.frame import PAGES
from tests.app.page import button

NAMES = ("circle", "square", "line", "cross", "plus", "frame", "dot", "corner", "stripes", "triangle")


def shapes(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Ten classes of simple shapes: uint8 (count, 28, 28) and uint8 (count,)."""
    rng = np.random.default_rng(seed)
    labels = (np.arange(count) % 10).astype(np.uint8)
    rows, columns = np.mgrid[:28, :28] - 14
    images = []
    for label in labels:
        size, down, across = rng.integers(6, 11), *rng.integers(-2, 3, 2)
        y, x = rows - down, columns - across
        inside = (abs(y) <= size) & (abs(x) <= size)
        drawn = [
            y**2 + x**2 <= size**2,
            inside,
            abs(y) <= 1,
            inside & ((abs(y - x) <= 1) | (abs(y + x) <= 1)),
            inside & ((abs(y) <= 1) | (abs(x) <= 1)),
            inside & ((abs(y) >= size - 1) | (abs(x) >= size - 1)),
            y**2 + x**2 <= 9,
            inside & ((y >= size - 1) | (x <= 1 - size)),
            inside & (y % 4 < 2),
            inside & (x <= y),
        ][label]
        images.append(drawn * rng.integers(120, 256))
    return np.array(images, np.uint8), labels


@pytest.fixture
def own_set(tmp_path, monkeypatch):
    """`own_set(x_train=…)`: arrays as MNIST_PATH, in a home of its own; names of the classes with `names=…`."""

    def use(names=None, **arrays):
        np.savez(tmp_path / "own.npz", **arrays)
        if names:
            (tmp_path / "labels.txt").write_text("\n".join(names))
        monkeypatch.setenv("MNIST_PATH", str(tmp_path / "own.npz"))
        monkeypatch.setenv("DIGIT_LAB_HOME", str(tmp_path / "home"))
        st.cache_resource.clear()
        st.cache_data.clear()

    yield use
    st.cache_resource.clear()
    st.cache_data.clear()


@pytest.fixture
def own_shapes(own_set):
    x_train, y_train = shapes(600, 1)
    x_test, y_test = shapes(100, 2)
    own_set(NAMES, x_train=x_train, y_train=y_train, x_test=x_test, y_test=y_test)


@pytest.fixture
def inverted(own_set, embedded):
    own_set(
        x_train=255 - embedded.train.images[:600],
        y_train=embedded.train.labels[:600],
        x_test=255 - embedded.test.images[:100],
        y_test=embedded.test.labels[:100],
    )


def words(app) -> str:
    return " ".join(str(one.value) for kind in (app.markdown, app.caption, app.warning, app.header) for one in kind)


@pytest.mark.parametrize("page", ["explore", "train"])
def test_an_inverted_set_is_named_and_one_click_fixes_it(inverted, open_page, embedded, page):
    app = open_page(page)
    assert "The images are inverted" in words(app)
    app = button(app, "Invert the images").click().run()
    assert "The images are inverted: black ink" not in words(app)
    assert np.array_equal(caches.data().test.images, embedded.test.images[:100])
    assert "paper is black and ink is white" in caches.data().source.sentence
    assert np.array_equal(mnist.load().test.images, embedded.test.images[:100])  # every process reads it like this
    app = button(app, "Undo").click().run()
    assert "The images are inverted: black ink" in words(app)


def test_start_waits_for_a_decision_about_such_images(inverted, open_page):
    app = open_page("train")
    assert button(app, "Start").disabled
    app = button(app, "Use them as they are").click().run()
    assert not button(app, "Start").disabled
    assert "inverted" not in words(app)


@pytest.mark.parametrize("page", [page.name for page in PAGES])
def test_every_page_says_that_something_is_wrong(inverted, open_page, page):
    app = open_page(page)
    assert not app.exception
    assert any("1 problem with these images" in str(link.proto.label) for link in app.get("page_link"))


def test_a_sound_set_has_no_note(own_set, embedded, open_page):
    own_set(
        x_train=embedded.train.images[:600],
        y_train=embedded.train.labels[:600],
        x_test=embedded.test.images[:100],
        y_test=embedded.test.labels[:100],
    )
    app = open_page("train")
    assert not app.warning
    assert not button(app, "Start").disabled


def test_the_names_of_the_classes_are_on_the_pages(own_shapes, open_page):
    for page in PAGES:
        app = open_page(page.name)
        assert not app.exception, page.name
    app = open_page("explore", index="3")
    assert "Training image 3: cross" in words(app)


def shapes_run(store: RunStore):
    run = store.create(RunConfig(hidden_layers=0), name="Shapes")
    store.write(run.id, data={"names": list(NAMES), "fingerprint": ""})
    models.save(models.build(run.config), run.model_path)
    return store.get(run.id)


def test_draw_says_that_such_a_network_reads_no_digits(own_shapes, open_page):
    run = shapes_run(caches.store())
    app = open_page("draw", run=run.id)
    assert not app.exception
    assert "This network reads no digits" in words(app)
    assert "circle, square" in words(app)


def test_evaluate_names_the_classes(own_shapes, open_page):
    run = shapes_run(caches.store())
    name = NAMES[caches.data().validation.labels[0]]
    for view in ("figures", "gallery", "digit", "inside", "network", "robustness"):
        app = open_page("evaluate", run=run.id, view=view, split="validation", index="0")
        assert not app.exception, view
        assert not app.error, view
        if view in ("digit", "network", "robustness"):
            assert f"a {name}" in words(app).replace("*", ""), view


def test_no_page_calls_these_images_digits_where_they_are_chosen(own_shapes, open_page):
    app = open_page("prepare", step="one-hot", index="3")
    assert [box.label for box in app.number_input] == ["Training image"]
    assert "Random image" in [button.label for button in app.button]
    assert "your digit" not in words(app)
    app = open_page("explore", view="map")
    assert "digits" not in " ".join(caption.value for caption in app.caption)


def test_a_network_of_digits_is_not_evaluated_on_other_classes(own_shapes, open_page):
    app = open_page("evaluate", run="shipped")
    assert any("another data set" in error.value for error in app.error)


def test_a_choice_is_kept_for_these_files_only(inverted, tmp_path):
    source = mnist.load().source
    fixes.add_fix(source.key, fixes.INVERT)
    assert mnist.load().source.fixes == (fixes.INVERT,)
    (tmp_path / "own.npz").touch()
    assert mnist.load().source.fixes == ()


def test_the_lessons_name_the_classes(own_shapes, open_page):
    for step, wanted in (("one-hot", "label of cross"), ("softmax", "logit of cross"), ("loss", "(cross)")):
        app = open_page("prepare", step=step, index="3")
        assert not app.exception, step
        shown = words(app) + " ".join(f"{html.proto.body}" for html in app.get("html")) + str(app.slider)
        assert wanted in shown, step
        assert "triangle" in shown, step


@pytest.mark.parametrize("page", ["explore", "evaluate", "train", "draw"])
def test_maps_and_drawn_networks_name_the_classes(own_shapes, open_page, page):
    query = {"explore": {"view": "map"}, "evaluate": {"view": "network", "split": "validation", "index": "0"}}
    run = {} if page == "train" else {"run": shapes_run(caches.store()).id}  # Train draws the form's network
    app = open_page(page, **run, **query.get(page, {}))
    assert not app.exception
    assert any('"names": ["circle", "square"' in mounted.proto.json for mounted in app.get("bidi_component"))

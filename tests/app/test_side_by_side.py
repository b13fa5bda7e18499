"""Two networks beside each other: runs on one clock on Compare, and the form before and after a change on Train."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from core.config.run_config import RunConfig
from core.home import home
from core.runs.moments import read_moments
from pages.parts.compare import pair_film
from pages.parts.train import film_tour
from pages.shared import caches, visitor
from pages.shared.film_data import film_of, fits
from tests.app.train_page import rerun, visit, words
from tests.made_moments import make_film
from tests.made_runs import make

FEW = (0, 2, 4)


@pytest.fixture
def sent(monkeypatch):
    """What the component of two films was sent last; AppTest draws no components."""
    messages = []

    def component(*, data, **_):
        messages.extend(data)
        return {}

    monkeypatch.setattr(pair_film, "_component", lambda: component)
    return messages


def film_run(store, steps=FEW, **knobs):
    return make_film(store, RunConfig(**knobs), caches.data(), steps=steps, name=f"Film {knobs}")


def opened(open_page, left, right):
    app = open_page("compare", view="side", left=left.id, right=right.id)
    assert not app.exception
    return app


def test_with_less_than_two_runs_it_says_what_to_do(open_page, store):
    app = open_page("compare", view="side")
    assert not app.exception
    assert "needs two runs that have ended" in words(app) or len(store.runs()) > 1


def test_both_films_are_on_one_clock_of_training_images(open_page, store, sent):
    left = film_run(store, units=16, batch_size=32)
    right = film_run(store, units=24, batch_size=128, activation="tanh")
    app = opened(open_page, left, right)
    assert "Units 16 → 24 · Activation relu → tanh · Batch size 32 → 128" in words(app)
    message = sent[-1]
    assert [side["seen"] for side in message["sides"]] == [[0, 64, 128], [0, 256, 512]]
    assert next(iter(message["clocks"])) == "images"
    assert message["clocks"]["images"]["ticks"] == [(0, 0, 0), (64, 1, 0), (128, 2, 0), (256, 2, 1), (512, 2, 2)]
    assert message["clocks"]["step"]["ticks"] == [(0, 0, 0), (2, 1, 1), (4, 2, 2)]
    for side, run in zip(message["sides"], (left, right), strict=True):
        served = json.loads((home() / "static" / Path(side["address"]).name).read_text("utf-8"))
        for shown, moment in zip(served["moments"], read_moments(run), strict=True):
            assert shown["validation_accuracy"] == pytest.approx(moment.validation_accuracy, abs=1e-6)
            drawn = shown["frame"]["layers"][-1]["values"]
            np.testing.assert_allclose(drawn, moment.probabilities[0].astype(float), atol=6e-4)


@pytest.mark.slow
def test_a_network_with_a_convolution_is_shown_beside_one_without(open_page, store, sent):
    left, right = film_run(store, steps=(0, 1), network="conv2x5-pool3"), film_run(store, hidden_layers=0)
    app = opened(open_page, left, right)
    assert "Hidden layers conv2x5-pool3 → none" in words(app)
    assert 0 < sent[-1]["choosable"] <= 25


def test_a_run_without_snapshots_is_named(open_page, store, sent):
    old, new = make(store, RunConfig(), name="An old run"), film_run(store, units=16)
    app = opened(open_page, old, new)
    assert "An old run has no film" in words(app)
    assert not sent
    assert "This run has no film" in words(open_page("train", run=old.id))


def test_a_run_that_trains_is_not_said_to_have_no_network(open_page, store, sent):
    first, _ = film_run(store, units=16), film_run(store, units=24)
    trains = store.create(RunConfig(), name="Still at it")
    lock = trains.lock
    assert lock.acquire({"after": 0})
    shown = words(opened(open_page, trains, first))
    lock.release()
    assert "Still at it has not ended yet." in shown
    assert "no network yet" not in shown


def test_a_network_that_was_opened_from_a_file_is_not_said_to_have_none(open_page, store, sent):
    first, _ = film_run(store, units=16), film_run(store, units=24)
    theirs = store.create(RunConfig(), name="Theirs", foreign=True)
    theirs.model_path.write_bytes(b"weights")
    shown = words(opened(open_page, store.write(theirs.id, imported=True), first))
    assert "Theirs was opened from a file, so it has no film." in shown
    assert "no network yet" not in shown


def test_the_names_of_both_runs_are_shown_as_text(open_page, store, sent):
    name = "![x](https://evil.example/x.png) www.evil.example"
    old, new = make(store, RunConfig(), name=name), film_run(store, units=16)
    shown = words(opened(open_page, old, new))
    assert "evil.example" in shown
    assert "https://evil" not in shown
    assert " www.evil" not in shown


def test_a_run_with_other_images_is_named(open_page, store, sent):
    here, other = film_run(store, units=16), film_run(store, units=24)
    shutil.rmtree(other.folder / "moments")
    data = caches.data()
    turned = data._replace(validation=data.validation[np.arange(len(data.validation))[::-1]])
    shutil.copytree(
        make_film(store, RunConfig(units=24), turned, steps=FEW).folder / "moments", other.folder / "moments"
    )
    assert fits(here)
    assert not fits(other)
    assert "was trained with another data set" in words(opened(open_page, here, other))
    assert not sent


def test_a_run_that_trains_on_the_images_is_named(open_page, store, sent):
    app = opened(open_page, film_run(store, units=16), film_run(store, units=16, validate_on="none"))
    assert "also trains on these images" in words(app)
    assert sent


def test_a_run_that_diverged_has_a_film_too(store):
    run = make_film(store, RunConfig(units=16), caches.data(), steps=FEW, breaks_at=3)
    content = film_of(run, read_moments(run), 0)
    json.dumps(content, allow_nan=False)  # a browser cannot read NaN
    assert content["moments"][-1]["frame"]["layers"][-1]["values"] == [None] * 10
    assert content["tour"][-1]["title"] == "Here training broke"
    visit(run=run.id)


def test_two_boxes_choose_the_visitors_own_runs_first(open_page, store, sent, monkeypatch):
    film_run(store, units=16)
    mine = make_film(store, RunConfig(units=24), caches.data(), steps=FEW, starter="me")
    monkeypatch.setattr(visitor, "visitor", lambda: "me")
    open_page("compare", view="side")
    assert sent[-1]["key"].startswith(f"{mine.id}:")


def test_a_change_of_the_form_is_named_and_both_networks_are_drawn(store, monkeypatch):
    drawn = []
    monkeypatch.setattr(
        "pages.parts.train.network_panel.living_network",
        lambda view, config, shown, **_: drawn.append((shown.moment, config)),
    )
    page = visit(units="128")
    assert not [each for each in page.toggle if "Before and after" in each.label]
    next(each for each in page.select_slider if each.label == "Units").set_value(16)
    rerun(page)
    (toggle,) = [each for each in page.toggle if "Before and after" in each.label]
    assert "Units 128 → 16" in toggle.label
    drawn.clear()
    toggle.set_value(True)
    rerun(page)
    assert [(moment, config.units) for moment, config in drawn] == [("before", 128), ("form", 16)]
    next(each for each in page.button if each.label == "Compare from here").click()
    rerun(page)
    assert not [each for each in page.toggle if "Before and after" in each.label]


def test_a_knob_of_learning_leaves_the_network_before_start_as_it_is(store):
    page = visit(units="16")
    page.session_state["form"].set("optimizer", "sgd")
    page.session_state["form_change_shown"] = True
    rerun(page)
    assert "Both start as the same network" in words(page)


def test_the_tour_is_offered_until_it_is_closed(monkeypatch):
    state, query = {}, {}
    monkeypatch.setattr(film_tour.st, "session_state", state)
    monkeypatch.setattr(film_tour.st, "query_params", query)
    assert film_tour.data()["tour"] == "offer"
    query["tour"] = "open"
    assert film_tour.data()["tour"] == "open"
    film_tour.close()
    assert film_tour.data()["tour"] == ""
    assert "tour" not in query


def start(open_page) -> str:
    return "".join(element.proto.body for element in open_page("start").get("html"))


def test_start_links_to_the_tour_of_ones_own_newest_run(open_page, store, monkeypatch):
    run = make_film(store, RunConfig(units=16), caches.data(), steps=FEW, starter="me")
    assert "tour=open" not in start(open_page)
    monkeypatch.setattr("pages.shared.visitor.visitor", lambda: "me")
    assert f"run={run.id}&amp;tour=open" in start(open_page)

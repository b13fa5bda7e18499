"""The recording on Start is that of the recipe which the button beside it trains."""

import base64

import numpy as np
import pytest

from core.config.recipes import FIRST_NETWORK
from core.config.run_config import RunConfig
from core.network.initial_weights import initial_weights
from core.network.living import LivingNetwork
from pages.parts.start import film
from pages.shared import caches
from tests.made_runs import make


def test_it_goes_from_guessing_to_the_end_of_the_recipe():
    moments = film.recording()["moments"]
    steps = [moment["step"] for moment in moments]
    assert steps == sorted(set(steps))
    assert steps[0] == 0
    assert moments[-1]["epoch"] == FIRST_NETWORK.config.epochs
    assert moments[0]["validation_accuracy"] < 0.2
    assert 0.96 < moments[-1]["validation_accuracy"] < 1
    assert all(
        sum(moment["frame"]["layers"][-1]["values"]) == pytest.approx(1, abs=1e-3)  # ten probabilities
        for moment in moments
    )


def test_its_first_picture_is_the_network_with_which_the_recipe_begins():
    first = film.recording()["moments"][0]["frame"]
    image = np.frombuffer(base64.b64decode(first["image"]), np.uint8).reshape(28, 28)
    network = LivingNetwork(FIRST_NETWORK.config, initial_weights(FIRST_NETWORK.config))
    view = network.view(image, network.survey(image[None]))
    np.testing.assert_allclose(first["layers"][-1]["values"], view.layers[-1].values, atol=2e-3)


def test_it_is_small():
    """Everybody who opens the page loads it, and it is a part of the project."""
    assert film.FILE.stat().st_size < 300_000


def test_it_plays_by_itself_only_for_those_who_have_started_no_run(open_page, store, monkeypatch):
    asked = []
    monkeypatch.setattr(film, "show", lambda *, plays: asked.append(plays))
    open_page("start")
    make(store, RunConfig(epochs=1), starter="somebody else")
    open_page("start")
    monkeypatch.setattr("pages.shared.visitor.visitor", lambda: "me")
    make(store, RunConfig(epochs=1), starter="me")
    open_page("start")
    assert asked == [True, True, False]


def test_images_that_are_no_digits_are_shown_instead_of_it(open_page, embedded, monkeypatch):
    clothes = embedded._replace(names=("shirt", *"123456789"))
    for data, walls in ((embedded, 0), (clothes, 1)):
        monkeypatch.setattr(caches, "data", lambda data=data: data)
        page = open_page("start")
        assert not page.exception
        assert "".join(each.proto.body for each in page.get("html")).count('class="wall"') == walls

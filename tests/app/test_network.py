"""The drawn network on its pages: it opens, and breaking a part of it changes the figures and can be undone."""

import base64
from pathlib import Path

import numpy as np

from core.config.run_config import RunConfig
from core.network.initial_weights import initial_weights
from core.network.interventions import ALL_UNITS, HALVE, OFF, Intervention
from core.network.living_moment import view_of
from core.runs.moment import LayerMoment, Moment
from pages.shared import caches
from pages.shared.living_network import frame
from tests.app.page import rerun
from tests.conftest import ROOT


def opened(open_page):
    """Evaluate with the drawn network of the model that came with the project."""
    app = open_page("evaluate", run="shipped", view="network")
    if any(each.key == "evaluate_ask" for each in app.button):
        app.button("evaluate_ask").click()
        rerun(app)
    return app


def accuracy(app) -> list[str]:
    return [each.value for each in app.metric if each.label.startswith("Accuracy on")]


def test_evaluate_draws_the_network(open_page):
    app = opened(open_page)
    assert not app.exception
    assert any("Break it" in each.value for each in app.markdown)
    assert undo(app).disabled


def test_without_its_last_hidden_layer_the_network_guesses_and_undo_brings_it_back(open_page):
    app = opened(open_page)
    (before,) = accuracy(app)
    layer, unit = Intervention(OFF, "dense1", ALL_UNITS), Intervention(OFF, "dense1", 3)
    app.session_state["evaluate_changes"] = ("shipped:None", [unit, layer])
    rerun(app)
    assert not app.exception
    (share,) = accuracy(app)
    assert float(share.rstrip("%")) < 20
    assert any(f"{before} → {share}." in each.value and "became wrong" in each.value for each in app.markdown)
    undo(app).click()
    rerun(app)
    assert any("dense1 unit 3 off" in each.value for each in app.caption)
    app.button("evaluate_undo_all").click()
    rerun(app)
    assert accuracy(app) == [before]
    assert undo(app).disabled


def test_breaking_a_network_changes_no_file_of_its_run(open_page, home):
    app = opened(open_page)
    folder = ROOT / "core/shipped"
    before = contents(folder), contents(home / "runs")
    app.session_state["evaluate_changes"] = ("shipped:None", [Intervention(HALVE, "dense1", 3, 7)] * 5)
    rerun(app)
    assert any("halved 5 times" in each.value for each in app.caption)
    assert (contents(folder), contents(home / "runs")) == before
    shares = caches.reader("shipped").probabilities(caches.data().validation.images[:5])
    undo(app).click()
    rerun(app)
    np.testing.assert_array_equal(shares, caches.reader("shipped").probabilities(caches.data().validation.images[:5]))


def test_a_link_opens_the_view_also_after_another_one_was_open(open_page):
    app = open_page("evaluate", run="shipped", view="figures")
    app.query_params["view"] = "network"
    rerun(app)
    assert app.session_state["evaluate_view"] == "network"


def undo(app):
    return app.button("evaluate_undo")


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_changes_of_another_network_are_not_applied(open_page):
    app = opened(open_page)
    app.session_state["evaluate_changes"] = ("another:None", [Intervention(OFF, "dense7", ALL_UNITS)])
    rerun(app)
    assert not app.exception
    assert undo(app).disabled


def test_draw_shows_the_digit_in_the_network(open_page):
    app = open_page("draw", run="shipped", send="validation:3")
    app.session_state["draw_view"] = "network"
    rerun(app)
    assert not app.exception


def test_the_maps_of_a_snapshot_are_sent_in_their_own_order():
    config = RunConfig(network="conv6x5", seed=0)
    weights = initial_weights(config)
    rng = np.random.default_rng(0)
    kernel = weights["digit_lab/conv1/kernel"].astype(np.float16)
    maps = rng.random((3, 12, 12, 6)).astype(np.float16)
    layers = [
        LayerMoment("conv6x5", "conv", np.arange(6, dtype=np.int32), kernel,
                    np.zeros(6, np.float16), maps, 0.001, 0.0),
        LayerMoment("softmax10", "dense", np.arange(10, dtype=np.int32),
                    weights["digit_lab/probabilities/kernel"].astype(np.float16), np.zeros(10, np.float16),
                    rng.random((3, 10)).astype(np.float16), 0.001, 0.0),
    ]  # fmt: skip
    moment = Moment(
        4, 0.1, 1, 0.5, 1, 0.5, tuple(layers), np.full((3, 10), 0.1, np.float16), np.zeros((3, 2), np.float32)
    )
    images = np.zeros((3, 28, 28), np.uint8)
    pictures = frame(view_of(config, moment, images, 1, None), config)["layers"][0]["pictures"]
    sent = np.frombuffer(base64.b64decode(pictures["data"]), np.int8).reshape(6, 12, 12) / 127 * pictures["scale"]
    np.testing.assert_allclose(sent[2], maps[1, :, :, 2].astype(float), atol=0.005)

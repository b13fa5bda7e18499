"""Beside a run that has ended: its own network, or that of the form where the form makes another one."""

from core.config.run_config import RunConfig
from pages.shared import caches
from tests.app.page import rerun
from tests.app.train_page import slider, visit
from tests.made_moments import make_film
from tests.made_runs import make


def chosen(page) -> str | None:
    """Which network is shown; None where there is no choice."""
    boxes = [each for each in page.button_group if str(each.key).startswith("network_choice_")]
    return boxes[0].value if boxes else None


def test_the_network_of_the_form_is_shown_once_a_knob_makes_another_one(store):
    run = make_film(store, RunConfig(units=16, epochs=1), caches.data())
    page = visit(run=run.id, units="16", epochs="1")
    assert chosen(page) is None  # its film begins with the very network of the form
    slider(page, "Units").set_value(32)
    rerun(page)
    assert chosen(page) == "Before Start"
    slider(page, "Units").set_value(16)
    rerun(page)
    assert chosen(page) is None


def test_beside_the_run_of_another_form_it_is_a_choice(store):
    run = make_film(store, RunConfig(units=16, epochs=1), caches.data())
    assert chosen(visit(run=run.id, units="64", epochs="1")) == "This run"


def test_beside_a_run_without_a_film_it_is_a_choice(store):
    run = make(store, RunConfig(units=16, epochs=1))
    assert chosen(visit(run=run.id, units="16", epochs="1")) == "This run"

"""The Train page without a browser: what a visitor sees, presses and finds again. A stand-in worker learns nothing."""

import pytest

from core.classroom import settings
from core.config.recipes import RECIPES
from core.config.run_config import KNOBS, RunConfig
from core.evaluation import seal
from tests.app.train_page import labels, press, rerun, slider, unfold, visit, words
from tests.faults.system import fill_disk
from tests.made_runs import make
from tests.small_run import wait_until


def test_every_knob_has_a_widget_with_its_help(store):
    page = visit()
    widgets = [*page.slider, *page.select_slider, *page.selectbox, *page.number_input, *page.toggle]
    shown = {widget.label: widget.help for widget in widgets}
    for name, knob in KNOBS.items():
        assert knob.label in shown, f"{name} has no widget"
        if name != "network":
            assert shown[knob.label] == knob.help


def test_a_slider_of_a_knob_rises_from_none_to_all(store):
    page = visit()
    writers, images = slider(page, "Pen writers"), slider(page, "Training images")
    assert writers.options == ["none", *(str(number) for number in range(1, 25))]
    assert images.options[0] == "100"
    assert images.options[-1] == "all"


def test_start_trains_and_the_page_follows_to_the_end(store):
    page = press(visit(), "Start")
    (run,) = [run for run in store.runs() if not run.shipped]
    assert page.query_params["run"] == run.id
    wait_until(lambda: run.state == "finished")
    rerun(page)
    assert "Finished after 5 epochs" in words(page)
    assert {"Restart"} <= labels(page)
    offered = [button.proto.label for button in page.get("download_button")]
    assert offered[0] == "Everything (.zip)"
    assert "Program (.py)" in offered


def test_a_recipe_sets_the_knobs_and_a_changed_knob_makes_it_ones_own(store):
    page = unfold(visit(), "program")
    recipe = next(box for box in page.selectbox if box.label == "Recipe")
    recipe.set_value("chollet")
    rerun(page)
    units = next(slider for slider in page.select_slider if slider.label == "Units")
    assert units.value == 512
    assert page.query_params["units"] == "512"
    assert "keras.layers.Dense(512, activation=" in page.code[-1].value
    units.set_value(64)
    rerun(page)
    assert "keras.layers.Dense(64, activation=" in page.code[-1].value
    assert next(box for box in page.selectbox if box.label == "Recipe").value == "my own"


def test_the_link_is_the_experiment(store):
    config = RunConfig(units=300, learning_rate=0.003, network="", seed=77, dropout=0.35, validate_on="test")
    page = visit(**config.to_query())
    press(page, "Start")
    (run,) = [run for run in store.runs() if not run.shipped]
    assert run.config == config


def test_a_link_may_name_a_recipe_and_change_it(store):
    press(visit(recipe="chollet", epochs="2"), "Start")
    (run,) = [run for run in store.runs() if not run.shipped]
    assert run.config == RECIPES["chollet"].config.changed(epochs=2)
    assert "There is no recipe" in words(visit(recipe="nonsense"))


def test_a_link_with_a_value_that_is_none_is_answered_in_a_sentence(store):
    page = visit(units="-5", epochs="2")
    assert "units must be" in words(page)
    assert "Start" in labels(page)


def test_a_bad_value_in_a_link_leaves_the_others_as_they_are(store):
    page = visit(units="abc", epochs="3", recipe="nonsense")
    assert next(slider for slider in page.number_input if slider.label == "Epochs").value == 3
    (error,) = page.error
    assert "2 values of the link cannot be used. All others are set." in error.value
    assert "There is no recipe" in error.value
    assert "units must be a whole number" in error.value


@pytest.mark.parametrize("query", [{"network": "dense10-conv8"}, {"patience": "3", "validate_on": "none"}])
def test_what_cannot_be_trained_is_refused_before_it_starts(store, query):
    page = visit(**query)
    start = next(button for button in page.button if button.label == "Start")
    assert start.disabled or "cannot be used" in words(page)
    assert any("must" in error.value for error in page.error)


def test_a_run_in_the_link_is_found_again_by_a_new_visitor(store):
    press(visit(epochs="400"), "Start")
    (run,) = [run for run in store.runs() if not run.shipped]
    wait_until(lambda: len(run.epochs) > 1)
    rerun = visit(run=run.id)
    assert "Pause" in labels(rerun)
    assert run.state == "running"


def test_a_folder_deleted_while_it_is_watched_is_a_sentence(store):
    import shutil

    page = press(visit(), "Start")
    (run,) = [run for run in store.runs() if not run.shipped]
    wait_until(lambda: run.state == "finished")
    shutil.rmtree(run.folder)
    rerun(page)
    assert not page.exception
    assert words(page).count("There is no run") == 1  # the link and the session both name it


def test_a_full_disk_is_reported_when_start_is_pressed(store, monkeypatch):
    page = visit()
    fill_disk(monkeypatch, "fsync")
    press(page, "Start")
    assert "full" in words(page)
    monkeypatch.undo()


def test_a_link_that_the_page_has_replaced_does_not_set_the_knobs_again(store):
    # A browser sends the address that it shows, which may be older than the recipe that was just chosen: the network of
    # the recipe was lost.
    page = visit(units="64", dropout="0.2")
    old_link = {name: page.query_params[name] for name in ("units", "dropout")}
    next(box for box in page.selectbox if box.label == "Recipe").set_value("best")
    rerun(page)
    assert page.query_params["network"].startswith("conv32x5")
    page.query_params.clear()
    for name, value in old_link.items():
        page.query_params[name] = value
    slider(page, "Augmentation").set_value(0.5)
    rerun(page)
    assert page.query_params["network"].startswith("conv32x5")
    assert slider(page, "Augmentation").value == 0.5


def test_all_training_images_read_all(store):
    box = slider(visit(), "Training images")
    assert box.value == 0
    assert box.options[-1] == "all"
    assert slider(visit(train_images="20000"), "Training images").value == 20000


def test_the_first_network_keeps_held_out_images_and_the_test_set_sealed(store):
    press(visit(recipe="first-network"), "Start")
    (run,) = [run for run in store.runs() if not run.shipped]
    assert run.config == RECIPES["quickstart"].config.changed(validate_on="held-out")
    assert seal.sealed(run)


def test_the_charts_show_measured_values_unless_smoothing_is_chosen(store):
    assert slider(visit(run=make(store, points=8).id), "Smoothing").value == 0.0


def test_the_schedule_is_drawn_before_it_is_used(store):
    charts = len(visit().get("bidi_component"))
    assert len(visit(schedule="cosine").get("bidi_component")) == charts + 1


def test_before_start_the_page_says_which_limit_will_refuse_the_run(store):
    settings.change(store.home, {"units": 64})
    try:
        assert "Units may be at most 64 on this server" in words(visit(units="100"))
        assert "may be at most" not in words(visit(units="64"))
    finally:
        (store.home / settings.FILE).unlink()

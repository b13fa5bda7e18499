"""The Train page without a browser: what a visitor sees, presses and finds again. A stand-in worker learns nothing."""

import sys
import time

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from core import jobs as core_jobs
from core.config import KNOBS, RunConfig
from core.events import Started
from core.recipes import RECIPES
from core.runs import RunStore
from core.timeline import EventFile
from tests.conftest import ROOT


@pytest.fixture
def store(tmp_path, monkeypatch):
    monkeypatch.setenv("DIGIT_LAB_HOME", str(tmp_path))
    monkeypatch.setattr(core_jobs, "WORKER", (sys.executable, "-m", "tests.unit.stand_in_worker"))
    st.cache_resource.clear()
    st.cache_data.clear()
    store = RunStore(tmp_path)
    yield store
    from pages.shared import caches

    for run in store.active():
        caches.jobs().stop(run.id)
    wait_until(lambda: not store.active())
    caches.jobs().close()
    st.cache_resource.clear()


def wait_until(true, seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def again(page: AppTest) -> AppTest:
    """Runs the page once more where it is: AppTest runs the page's file alone, which would bounce and lose clicks."""
    page.session_state["_inside_navigation"] = True
    page.run()
    assert not page.exception, page.exception
    return page


def visit(**query: str) -> AppTest:
    page = AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=30).run()
    for name, value in query.items():
        page.query_params[name] = value
    page.switch_page("pages/train.py").run()
    assert not page.exception, page.exception
    return page


def press(page: AppTest, label: str) -> AppTest:
    (button,) = [button for button in page.button if button.label == label]
    assert not button.disabled, f"{label} cannot be pressed"
    button.click()
    return again(page)


def labels(page: AppTest) -> set[str]:
    return {button.label for button in page.button}


def words(page: AppTest) -> str:
    kinds = (page.markdown, page.info, page.warning, page.error, page.success, page.caption)
    return " ".join(str(each.value) for kind in kinds for each in kind)


def test_every_knob_has_a_widget_with_its_help(store):
    page = visit()
    widgets = [*page.slider, *page.select_slider, *page.selectbox, *page.number_input, *page.toggle]
    shown = {widget.label: widget.help for widget in widgets}
    for name, knob in KNOBS.items():
        assert knob.label in shown, f"{name} has no widget"
        if name != "network":
            assert shown[knob.label] == knob.help


def test_start_trains_and_the_page_follows_to_the_end(store):
    page = press(visit(), "Start")
    (run,) = [run for run in store.runs() if not run.shipped]
    assert page.query_params["run"] == run.id
    wait_until(lambda: run.state == "finished")
    again(page)
    assert "Finished after 5 epochs" in words(page)
    assert {"Restart"} <= labels(page)
    offered = [button.proto.label for button in page.get("download_button")]
    assert offered[0] == "Everything (.zip)"
    assert "Program (.py)" in offered


def test_a_recipe_sets_the_knobs_and_a_changed_knob_makes_it_ones_own(store):
    page = visit()
    recipe = next(box for box in page.selectbox if box.label == "Recipe")
    recipe.set_value("chollet")
    again(page)
    units = next(slider for slider in page.select_slider if slider.label == "Units")
    assert units.value == 512
    assert page.query_params["units"] == "512"
    assert "keras.layers.Dense(512, activation=" in page.code[-1].value
    units.set_value(64)
    again(page)
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
    again = visit(run=run.id)
    assert "Pause" in labels(again)
    assert run.state == "running"


def test_pause_step_go_on_and_stop(store):
    page = press(visit(epochs="400"), "Start")
    (run,) = [run for run in store.runs() if not run.shipped]
    wait_until(lambda: len(run.epochs) > 1)
    press(again(page), "Pause")
    wait_until(lambda: run.state == "paused")
    epochs = len(run.epochs)
    press(again(page), "One epoch")
    wait_until(lambda: len(run.epochs) == epochs + 1 and run.state == "paused")
    press(again(page), "Go on")
    wait_until(lambda: run.state == "running")
    press(again(page), "Stop")
    wait_until(lambda: run.state == "stopped")
    assert {"Resume", "Restart"} <= labels(again(page))


def test_a_second_visitor_sees_whose_turn_it_is_and_cannot_stop_the_first(store):
    ada = press(visit(epochs="500"), "Start")
    (first,) = [run for run in store.runs() if not run.shipped]
    wait_until(lambda: first.state == "running")
    bob = visit(epochs="3")
    press(bob, "Start")
    second = next(run for run in store.runs() if run.id != first.id and not run.shipped)
    assert "next in turn" in words(again(bob))
    bob_on_first = visit(run=first.id)
    stop = next(button for button in bob_on_first.button if button.label == "Stop")
    assert stop.disabled
    press(again(bob), "Withdraw")
    assert [run.id for run in store.runs() if not run.shipped] == [first.id]
    assert second.id not in {run.id for run in store.runs()}
    press(again(ada), "Stop")
    wait_until(lambda: first.state == "stopped")


def test_a_task_leaves_the_knobs_it_names_and_asks_its_question(store):
    page = visit(units="64", epochs="2", only="epochs,learning_rate,nonsense", task="How **fast**?")
    sliders = {*(slider.label for slider in page.slider), *(slider.label for slider in page.select_slider)}
    assert {"Learning rate"} <= sliders
    assert "Units" not in sliders
    assert not page.tabs
    assert [text.value for text in page.text] == ["How **fast**?"]
    press(page, "Start")
    (run,) = [run for run in store.runs() if not run.shipped]
    assert (run.config.units, run.config.epochs) == (64, 2)
    assert page.query_params["only"]
    press(page, "Show all knobs")
    assert len(page.tabs) == 4
    assert "only" not in page.query_params


def test_a_task_is_made_as_a_link(store):
    page = visit(units="64")
    next(box for box in page.multiselect if box.label == "Knobs to turn").set_value(["epochs", "dropout"])
    next(box for box in page.text_input if box.label == "Question").set_value("Why?")
    again(page)
    assert page.code[-1].value.endswith("?units=64&only=epochs,dropout&task=Why%3F")


def test_an_interrupted_run_can_be_resumed(store):
    run = store.create(RunConfig(epochs=3), name="cut short")
    file = EventFile(run.events_path)
    file.append(Started(1.0, "CPU", 10, 100, 10, 4, 3))
    file.close()
    page = visit(run=run.id)
    assert "Interrupted" in words(page)
    press(page, "Resume")
    wait_until(lambda: run.state == "finished")


def test_a_damaged_run_is_named_and_put_away(store):
    run = store.create(RunConfig())
    (run.folder / "run.json").write_text("{")
    page = visit(run=run.id)
    assert "damaged" in words(page)
    press(page, "Move to the trash")
    assert store.damaged() == []


@pytest.mark.parametrize("run_id", ["no-such-run", "../../etc/passwd", "<script>"])
def test_a_link_to_a_run_that_is_gone_is_a_sentence(store, run_id):
    assert "no run of that name" in words(visit(run=run_id))


def test_a_folder_deleted_while_it_is_watched_is_a_sentence(store):
    import shutil

    page = press(visit(), "Start")
    (run,) = [run for run in store.runs() if not run.shipped]
    wait_until(lambda: run.state == "finished")
    shutil.rmtree(run.folder)
    again(page)
    assert not page.exception


def test_a_full_disk_is_said_when_start_is_pressed(store, monkeypatch):
    import errno

    from core import files

    page = visit()

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", full)
    press(page, "Start")
    assert "full" in words(page)
    monkeypatch.undo()


def test_an_equal_run_is_pointed_out(store):
    page = press(visit(epochs="2"), "Start")
    (run,) = [run for run in store.runs() if not run.shipped]
    wait_until(lambda: run.state == "finished")
    assert "You have this run already" in words(again(page))
    assert "Open it" not in labels(page)  # it is in sight
    page = press(visit(epochs="2"), "Open it")
    assert page.query_params["run"] == run.id


def test_layers_are_added_moved_and_removed_by_hand(store):
    page = visit()
    next(toggle for toggle in page.toggle if toggle.label == "Layers by hand").set_value(True)
    again(page)
    assert page.query_params["network"] == "dense128"
    press(page, "Convolution")
    assert page.query_params["network"] == "dense128"  # it does not fit there, so the link keeps the last that does
    assert any("must stand below" in error.value for error in page.error)
    up = [button for button in page.button if button.help == "Move layer 2 towards the image"]
    up[0].click()
    again(page)
    assert page.query_params["network"] == "conv32x3-dense128"
    away = [button for button in page.button if button.help == "Remove layer 2"]
    away[0].click()
    again(page)
    assert page.query_params["network"] == "conv32x3"


def test_the_coach_sets_the_knobs_of_the_next_run(store):
    run = store.create(RunConfig(learning_rate=1.0))
    file = EventFile(run.events_path)
    file.append(Started(1.0, "CPU", 10, 100, 10, 4, 3))
    from core.events import BatchDone, RunEnded

    file.append(BatchDone(3, 1, 3, 0.1, float("nan"), 0.1, 100.0))
    file.append(RunEnded("failed", "The loss is no longer a number.", 2.0, 0))
    file.close()
    page = press(visit(run=run.id), "Learning rate 0.1")
    rate = next(slider for slider in page.select_slider if slider.label == "Learning rate")
    assert rate.value == 0.1


def test_the_schedule_is_drawn_before_it_is_used(store):
    charts = len(visit().get("bidi_component"))
    assert len(visit(schedule="cosine").get("bidi_component")) == charts + 1

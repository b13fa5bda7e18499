"""The Train page without a browser: what a visitor sees, presses and finds again. A stand-in worker learns nothing."""

import re

import pytest

from core.config.recipes import RECIPES
from core.config.run_config import KNOBS, RunConfig
from core.devices import device_slot
from core.evaluation import evaluations, seal
from core.files import Lock
from core.runs.events import RateChanged, RunEnded, Started
from core.runs.timeline import EventFile
from pages.parts.train import layer_editor
from pages.shared import caches, controls, visitor
from tests.app.train_page import labels, press, rerun, unfold, visit, wait_until, words
from tests.known_run import Oracle, known_run
from tests.made_runs import make


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


def test_pause_step_go_on_and_stop(store):
    page = press(visit(epochs="400"), "Start")
    (run,) = [run for run in store.runs() if not run.shipped]
    wait_until(lambda: len(run.epochs) > 1)
    press(rerun(page), "Pause")
    wait_until(lambda: run.state == "paused")
    epochs = len(run.epochs)
    press(rerun(page), "One epoch")
    wait_until(lambda: len(run.epochs) == epochs + 1 and run.state == "paused")
    assert progress(rerun(page)).startswith(f"**Paused after epoch {epochs + 1} of 400**")
    press(rerun(page), "Continue")
    wait_until(lambda: run.state == "running")
    press(rerun(page), "Stop")
    wait_until(lambda: run.state == "stopped")
    assert {"Resume", "Restart"} <= labels(rerun(page))
    assert not links(page)  # this worker kept no network


def test_a_stopped_run_whose_weights_are_kept_can_be_drawn_with_and_evaluated(store):
    # It said that they are kept, and led nowhere.
    run = make(store, RunConfig(epochs=2), outcome="stopped")
    run.model_path.write_bytes(b"a network")
    assert links(visit(run=run.id)) == {"Draw a digit", "Evaluate"}


def links(page):
    return {link.proto.label for link in page.get("page_link")} & {"Draw a digit", "Evaluate"}


def progress(page):
    return next(bar.proto.text for bar in page.get("progress"))


def test_a_paused_run_is_not_shown_as_training_and_its_owner_learns_that_somebody_waits(store):
    ada = press(visit(epochs="500"), "Start")
    (first,) = [run for run in store.runs() if not run.shipped]
    wait_until(lambda: first.state == "running")
    press(rerun(ada), "Pause")
    wait_until(lambda: first.state == "paused")
    assert "Somebody waits" not in words(rerun(ada))
    bob = press(visit(epochs="3"), "Start")
    page_text = words(rerun(bob))
    assert "is paused and uses it" in page_text
    assert "Now training" not in page_text
    assert any(link.proto.label.startswith("Paused: dense") for link in bob.get("page_link"))
    assert "Somebody waits for the device" in words(rerun(ada))
    assert "Somebody waits" not in words(visit(run=first.id))  # one who looks on cannot press Go on


def test_the_rate_in_force_is_where_the_next_one_is_set_from(store):
    page = press(visit(epochs="400", learning_rate="0.002"), "Start")
    (run,) = [run for run in store.runs() if not run.shipped]
    wait_until(lambda: len(run.epochs) > 1)
    assert rate_box(rerun(page)).value == "0.002"
    rate_box(page).set_value("0,05")  # as many people write it
    press(rerun(page), "Set")
    assert "0.05 is set after the present step" in words(page)
    file = EventFile(run.events_path)  # as a worker writes it; this one learns nothing
    file.append(RateChanged(run.step, len(run.epochs) + 1, 1.0, 0.05))
    file.close()
    assert rate_box(rerun(page)).value == "0.05"
    assert "Set to 0.05 in epoch" in words(page)
    assert rate_box(visit(run=run.id)).value == "0.05"  # after a reload, and for everybody
    rate_box(page).set_value("fast")
    press(rerun(page), "Set")
    assert "learning_rate must be a number" in words(page)


def rate_box(page):
    return next(box for box in page.text_input if box.label == "New learning rate")


def test_a_second_visitor_sees_whose_turn_it_is_and_cannot_stop_the_first(store):
    ada = press(visit(epochs="500"), "Start")
    (first,) = [run for run in store.runs() if not run.shipped]
    wait_until(lambda: first.state == "running")
    bob = visit(epochs="3")
    press(bob, "Start")
    second = next(run for run in store.runs() if run.id != first.id and not run.shipped)
    assert "next in the queue" in words(rerun(bob))
    bob_on_first = visit(run=first.id)
    stop = next(button for button in bob_on_first.button if button.label == "Stop")
    assert stop.disabled
    press(rerun(bob), "Remove from queue")
    assert [run.id for run in store.runs() if not run.shipped] == [first.id]
    press(rerun(bob), "Put it back")
    assert "next in the queue" in words(rerun(bob))
    assert store.get(second.id).state == "waiting"
    assert "Put it back" not in labels(bob)
    press(rerun(bob), "Remove from queue")
    assert second.id not in {run.id for run in store.runs()}
    press(rerun(ada), "Stop")
    wait_until(lambda: first.state == "stopped")


def test_another_run_is_chosen_from_the_list_and_the_first_one_again(store):
    first, second = (store.create(RunConfig(epochs=3), name=name).id for name in ("first", "second"))
    page = visit(run=first)
    for chosen in (second, first, second):
        next(box for box in page.selectbox if box.label == "Run").set_value(chosen)
        for _ in range(2):  # it stays
            rerun(page)
            assert next(box for box in page.selectbox if box.label == "Run").value == chosen
            assert page.query_params["run"] in (chosen, [chosen])


def test_one_who_comes_back_to_a_class_finds_their_own_run(store, monkeypatch):
    # Thirty on one machine: Train opened with the run of somebody else, and one's own was somewhere among a hundred.
    monkeypatch.setattr(visitor, "_secret", b"ada".strip)
    _, mine, theirs = (make(store, starter=by) for by in (visitor.visitor(), visitor.visitor(), "somebody else"))
    page = visit()
    assert page.query_params["run"] == mine.id
    options = next(box for box in page.selectbox if box.label == "Run").options
    assert [" · yours" in option for option in options] == [True, True, False]
    assert visit(run=theirs.id).query_params["run"] == theirs.id
    monkeypatch.setattr(visitor, "_secret", b"a newcomer".strip)
    store.update(theirs.id, name="Theirs")
    newcomer = visit()
    assert "run" not in newcomer.query_params  # nobody else's run, unless it is chosen
    next(box for box in newcomer.selectbox if box.label == "Run").set_value(theirs.id)
    assert rerun(newcomer).query_params["run"] in (theirs.id, [theirs.id])
    never_started = store.create(RunConfig())
    monkeypatch.setattr(visitor, "_secret", b"ada".strip)
    assert visit().query_params["run"] == mine.id, never_started


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
    assert store.damaged() == {}


@pytest.mark.parametrize("run_id", ["no-such-run", "../../etc/passwd", "<script>"])
def test_a_link_to_a_run_that_is_gone_is_a_sentence(store, run_id):
    assert "There is no run" in words(visit(run=run_id))


def test_a_damaged_run_that_another_visitor_put_away_first_is_simply_gone(store):
    # The page was a traceback for the second of thirty who pressed.
    run = make(store)
    (run.folder / "run.json").write_bytes(b"{")
    ada, bob = visit(), visit()
    press(ada, "Move to the trash")
    press(bob, "Move to the trash")
    assert "is damaged and cannot be shown" not in words(bob)


def test_a_damaged_run_that_still_trains_is_not_put_away_and_says_why(store):
    run = make(store)
    (run.folder / "run.json").write_bytes(b"{")
    lock = Lock(run.folder / "lock")
    assert lock.acquire({})
    page = press(visit(), "Move to the trash")
    assert "is still training" in words(page)
    assert "is still training" not in words(rerun(page))
    lock.release()


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
    assert "You have this run already" in words(rerun(page))
    assert "Open it" not in labels(page)  # it is in sight
    page = press(visit(epochs="2"), "Open it")
    assert page.query_params["run"] == run.id


def test_an_equal_run_of_somebody_else_is_not_called_yours(store):
    # In a class thirty people press Start on one task.
    theirs = make(store, RunConfig(epochs=2), starter="somebody else")
    assert "This run was started here before" in words(visit(epochs="2"))
    press(visit(epochs="2"), "Open it")
    mine = make(store, RunConfig(epochs=2), starter="me")
    newer = make(store, RunConfig(epochs=2), starter="somebody else")
    assert store.find_identical(RunConfig(epochs=2)).id in (theirs.id, newer.id)
    assert store.find_identical(RunConfig(epochs=2), starter="me").id == mine.id


def test_a_run_that_was_changed_by_hand_is_not_called_identical(store):
    run = make(store, RunConfig(epochs=2))
    assert "You have this run already" in words(visit(epochs="2"))
    file = EventFile(run.events_path)
    file.append(RateChanged(20, 2, 1.0, 0.05))
    file.append(run.ended)
    file.close()
    assert "You have this run already" not in words(visit(epochs="2"))


def test_the_test_figure_is_shown_once_the_test_set_was_opened(store):
    run = known_run(store, caches.data())
    assert figure_on_test(run) == "sealed"
    seal.open_test_set(run)
    assert figure_on_test(run) is None  # nobody has asked the network yet
    evaluations.predict_split(run, "test", caches.data(), lambda: Oracle(caches.data().test.labels, 10))
    assert figure_on_test(run) == "90.00%"


def figure_on_test(run) -> str | None:
    facts = " ".join(block.proto.body for block in visit(run=run.id).get("html"))
    found = re.search(r"<span>Test</span><b>(.*?)</b>", facts)
    return found and found[1]


def test_a_copy_that_was_trained_on_personal_digits_has_its_note_and_no_buttons_that_refuse(store):
    run = store.create(RunConfig(), name="My hand")
    run.model_path.write_bytes(b"weights")
    file = EventFile(run.events_path)  # as `save_copy` writes it
    file.append(Started(1.0, "beside the dashboard", 10, 100, 0, 0, 4))
    file.append(RunEnded("finished", "", 2.0, 4, fit_seconds=1.0))
    file.close()
    store.update(run.id, note="A copy that was taught 12 digits of my hand.")
    page = visit(run=run.id)
    assert "A copy that was taught 12 digits of my hand." in [text.value for text in page.text]
    assert "Restart" not in labels(page)
    assert not [label for label in labels(page) if "more epoch" in label]
    assert "Network (.keras)" in [button.proto.label for button in page.get("download_button")]


def test_layers_are_added_moved_and_removed_by_hand(store):
    page = visit()
    next(toggle for toggle in page.toggle if toggle.label == "Layers by hand").set_value(True)
    rerun(page)
    assert page.query_params["network"] == "dense128"
    press(page, "Convolution")
    assert page.query_params["network"] == "conv32x3-dense128"  # before the dense layer, where there is an image
    press(page, "Pooling")
    assert page.query_params["network"] == "conv32x3-pool2-dense128"
    press(page, "Dropout")
    assert page.query_params["network"] == "conv32x3-pool2-dense128-dropout0.25"
    press(page, "Move layer 2 before layer 1")
    assert page.query_params["network"] == "pool2-conv32x3-dense128-dropout0.25"
    press(page, "Remove layer 1")
    filters = next(box for box in page.number_input if box.label == "Conv: filters")
    filters.set_value(8)
    assert rerun(page).query_params["network"] == "conv8x3-dense128-dropout0.25"
    press(page, "Move layer 1 after layer 2")
    (error,) = page.error
    assert error.value == (
        "conv8x3 must come before the first dense layer: after it there is no image. "
        "Move it before the first dense layer, or remove it."
    )
    press(page, "Move layer 2 before layer 1")
    assert not page.error


def test_a_late_message_about_the_switch_leaves_the_knobs_as_they_are(store, monkeypatch):
    """Streamlit calls it a change, too, when it hears for the first time of a switch that is off."""
    form = controls.Form()
    monkeypatch.setattr(layer_editor.st, "session_state", {"by_hand_1": False})
    layer_editor._switch(form, "by_hand_1")
    assert form.values["network"] == ""


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


def slider(page, label):
    return next(each for each in [*page.slider, *page.select_slider] if each.label == label)


def test_the_form_says_how_it_differs_from_the_run_and_takes_its_settings(store):
    run = make(store, RunConfig(units=64, epochs=2))
    page = visit(run=run.id, units="256", epochs="2")
    assert "The form differs from this run: Units 256 (run: 64)." in words(page)
    assert "Differs from the run shown: Units." in words(page)
    press(page, "Use these settings")
    assert slider(page, "Units").value == 64
    assert "The form has the settings of this run." in words(page)
    assert "Use these settings" not in labels(page)


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


def test_a_run_with_nobody_before_it_says_what_it_waits_for(store, monkeypatch):
    monkeypatch.setattr(caches.jobs()._workers, "assign", lambda run: None)
    page = press(visit(), "Start")
    assert "Starting a training process" in words(page)
    device = Lock(store.device_path(device_slot("auto")))
    assert device.acquire({"run": "another program's"})
    assert "another program on this machine uses it" in words(rerun(page))
    device.release()


def test_the_charts_show_measured_values_unless_smoothing_is_chosen(store):
    assert slider(visit(run=make(store, points=8).id), "Smoothing").value == 0.0


def test_the_coach_sets_the_knobs_of_the_next_run(store):
    run = store.create(RunConfig(learning_rate=1.0))
    file = EventFile(run.events_path)
    file.append(Started(1.0, "CPU", 10, 100, 10, 4, 3))
    from core.runs.events import BatchDone

    file.append(BatchDone(3, 1, 3, 0.1, float("nan"), 0.1, 100.0))
    file.append(RunEnded("failed", "The loss is no longer a number.", 2.0, 0))
    file.close()
    page = press(visit(run=run.id), "Learning rate 0.1")
    rate = next(slider for slider in page.select_slider if slider.label == "Learning rate")
    assert rate.value == 0.1


def test_the_schedule_is_drawn_before_it_is_used(store):
    charts = len(visit().get("bidi_component"))
    assert len(visit(schedule="cosine").get("bidi_component")) == charts + 1

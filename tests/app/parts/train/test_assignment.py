"""An assignment link: it shows the question and the knobs that it names; the other knobs keep their values."""

from tests.app.train_page import press, rerun, unfold, visit


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
    page = unfold(visit(units="64"), "task_maker")
    next(box for box in page.multiselect if box.label == "Knobs that students can set").set_value(["epochs", "dropout"])
    next(box for box in page.text_input if box.label == "Question").set_value("Why?")
    rerun(page)
    assert page.code[-1].value.endswith("?units=64&only=epochs,dropout&task=Why%3F")


def test_a_knob_that_layers_by_hand_replace_is_not_left_to_turn(store):
    page = visit(network="dense32-dense16", only="units,network,epochs")
    shown = {*(slider.label for slider in page.select_slider), *(toggle.label for toggle in page.toggle)}
    assert "Layers by hand" in shown
    assert "Units" not in shown
    (run_knobs,) = [
        box
        for box in unfold(visit(network="dense32"), "task_maker").multiselect
        if box.label == "Knobs that students can set"
    ]
    assert "Units" not in run_knobs.options


def test_a_link_that_names_no_knob_is_no_task(store):
    page = visit(only="nonsense", units="64")
    assert len(page.tabs) == 4

"""The Evaluate page without a browser: figures, seal, earlier epochs and missing runs."""

import json
import re
import warnings

import pytest

from core.config.run_config import RunConfig
from core.data import mnist
from core.evaluation import evaluations, seal
from core.runs.events import RunEnded, Started
from core.runs.store import RunStore
from core.runs.timeline import EventFile
from pages.shared import visitor
from tests.app.page import rerun
from tests.known_run import Oracle, known_run


@pytest.fixture(scope="module")
def data():
    return mnist.load()


@pytest.fixture(scope="module")
def store(home):
    return RunStore()


@pytest.fixture
def run(store, data):
    """A finished run whose answers are known; removed afterwards."""
    run = known_run(store, data)
    yield run
    store.delete(run.id)


def computed(app):
    """Presses 'Ask it now', which is offered where an answer takes seconds."""
    return rerun(app) if any(button.key == "evaluate_ask" for button in app.button) else app


def values(app) -> dict[str, str]:
    return {metric.label: metric.value for metric in app.metric}


def test_the_figures_are_those_of_the_run(open_page, run):
    app = open_page("evaluate", run=run.id)
    assert not app.exception
    assert values(app)["Accuracy"] == "90.00%"
    assert "–" in values(app)["95% interval"]


def test_what_the_network_predicts_for_every_image_can_be_downloaded(open_page, run):
    app = open_page("evaluate", run=run.id)
    assert [button.label for button in app.get("download_button")] == ["Download predictions (.csv)"]


def test_an_earlier_epoch_has_its_own_figures(open_page, run):
    app = open_page("evaluate", run=run.id, epoch="1")
    assert values(app)["Accuracy"] == "50.00%"
    app.select_slider[0].set_value(2)
    assert values(rerun(app))["Accuracy"] == "90.00%"


def test_the_test_set_is_sealed_until_the_button_is_pressed(open_page, run, store, data):
    app = open_page("evaluate", run=run.id)
    app.segmented_control(key="evaluate_split").set_value("test")
    rerun(app)
    assert "sealed" in app.header[0].value
    assert not app.metric
    assert seal.sealed(run)
    seal.open_test_set(run)  # answered beforehand, so that the press wakes no network
    evaluations.predict_split(run, "test", data, lambda: Oracle(data.test.labels, 20))
    (run.folder / "test_set.json").unlink()
    app.button(key="evaluate_open").click()
    rerun(app)
    assert len(seal.test_set_openings(run)) == 1
    assert values(app)["Accuracy"] == "95.00%"


def test_the_link_says_which_images_and_opens_them_again(open_page, run, data):
    app = open_page("evaluate", run=run.id, view="digit", index="20")
    assert app.query_params["split"] == "validation"
    seal.open_test_set(run)
    evaluations.predict_split(run, "test", data, lambda: Oracle(data.test.labels, 20))
    app = open_page("evaluate", run=run.id, view="digit", index="20", split="test")
    assert f"Digit 20 is a **{data.test.labels[20]}**" in " ".join(text.value for text in app.markdown)
    app.segmented_control(key="evaluate_split").set_value("validation")
    assert rerun(app).query_params["split"] == "validation"


def test_a_link_to_the_test_images_does_not_break_the_seal(open_page, run):
    app = open_page("evaluate", run=run.id, split="test", index="20")
    assert "sealed" in app.header[0].value
    assert not app.metric
    assert seal.sealed(run)


def test_a_link_to_images_that_there_are_none_of_is_a_sentence(open_page, run):
    app = open_page("evaluate", run=run.id, split="holiday")
    assert "'holiday'" in app.warning[0].value
    assert values(app)["Accuracy"] == "90.00%"


def test_a_link_to_a_run_that_is_gone_is_explained_before_another_is_shown(open_page, run, untrained):
    assert "There is no run 'nope'." in open_page("evaluate", run="nope").warning[0].value
    assert not open_page("evaluate", run=run.id).warning


def test_a_run_without_a_network_is_explained_where_one_is_needed(open_page, run, store):
    waiting = store.create(RunConfig(), name="Not yet")
    try:
        app = open_page("explore", run=waiting.id, view="map")
        app.segmented_control(key="explore_map_kind").set_value("run")
        assert "Not yet has no network yet" in rerun(app).warning[0].value
    finally:
        store.delete(waiting.id)


def test_only_the_visitors_own_runs_with_a_seal_are_counted(open_page, store, data, monkeypatch):
    monkeypatch.setattr(visitor, "_secret", lambda: b"me")
    mine = [known_run(store, data, name=name) for name in ("Opened", "Sealed", "Read by its recipe", "Of another")]
    for run, facts in zip(mine, ({}, {}, {"validate_on": "none"}, {}), strict=True):
        saved = json.loads((run.folder / "run.json").read_text())
        saved |= {"starter": "somebody" if run is mine[3] else visitor.visitor(), "config": saved["config"] | facts}
        (run.folder / "run.json").write_text(json.dumps(saved))
    for run in (mine[0], mine[3]):
        seal.open_test_set(run)
    try:
        app = open_page("evaluate", run=mine[1].id)
        app.session_state["evaluate_split"] = "test"
        page_text = " ".join(text.value for text in rerun(app).markdown)
        assert "You have opened it for **1** of the 2 runs that you started in this browser" in page_text
    finally:
        for run in mine:
            store.delete(run.id)


def test_the_commonest_mistake_opens_its_images(open_page, run):
    app = open_page("evaluate", run=run.id)
    commonest = next(button for button in app.button if " predicted as " in button.label)
    truth, predicted = re.match(r"(\d) predicted as (\d)", commonest.label).groups()
    commonest.click()
    assert f"{truth}s predicted as {predicted}, the worst first" in rerun(app).header[0].value
    assert app.query_params["cell"] == truth + predicted
    assert any(f"Sorted by the probability of {truth}, the lowest first." in text.value for text in app.caption)


def test_two_boxes_open_any_cell_of_the_matrix(open_page, run):
    """For the keyboard: the matrix itself takes only clicks."""
    app = open_page("evaluate", run=run.id)
    app.selectbox(key="evaluate_label").set_value(3)
    assert not rerun(app).header
    app.selectbox(key="evaluate_prediction").set_value(3)
    assert "3s predicted correctly" in rerun(app).header[0].value
    assert app.query_params["cell"] == "33"
    app.selectbox(key="evaluate_prediction").set_value(4)
    assert "3s predicted as 4, the worst first" in rerun(app).header[0].value
    assert open_page("evaluate", run=run.id, cell="12").selectbox(key="evaluate_prediction").value == 2


def test_images_that_flatter_the_second_run_alone_are_named(open_page, run, store, data):
    # It was trained on them, and the test between the two said "more than the noise" without a word of that.
    other = store.create(RunConfig(epochs=2, validate_on="none"), name="Has seen them")
    other.model_path.write_bytes(b"weights")
    evaluations.predict_split(other, "validation", data, lambda: Oracle(data.validation.labels, 50))
    app = open_page("evaluate", run=run.id, view="pair")
    app.session_state["evaluate_second"] = other.id
    rerun(app)
    assert any("The second run was also trained on the validation images" in each.value for each in app.caption)
    store.delete(other.id)


def test_two_runs_are_distinguished_by_a_test_in_words(open_page, run, store, data):
    other = known_run(store, data, name="A worse oracle", wrong_every=3)
    try:
        app = open_page("evaluate", run=run.id, view="pair")
        app.selectbox(key="evaluate_second").set_value(other.id)
        page_text = " ".join(text.value for text in rerun(app).markdown)
        assert "**The first run** is better than the second run" in page_text
        assert "McNemar" in page_text
        differing = sum((i % 3 == 0) != (i % 10 == 0) for i in range(len(data.validation)))
        assert any(f"The first 100 of {differing:,}." in text.value for text in app.caption)
    finally:
        store.delete(other.id)


def test_the_training_accuracy_of_train_is_named_beside_the_one_of_the_training_images(open_page, store, data):
    run = store.create(RunConfig(epochs=2))
    run.model_path.write_bytes(b"weights")
    events = EventFile(run.events_path)
    events.append(Started(1.0, "CPU", 10, len(data.train), len(data.validation), 4, 2))
    events.append(RunEnded("finished", "", 2.0, 2, train_accuracy=0.8765))
    events.close()
    evaluations.predict_split(run, "train", data, lambda: Oracle(data.train.labels, 10))
    try:
        app = open_page("evaluate", run=run.id, split="train")
        assert values(app)["Accuracy"] == "90.00%"
        assert any("Train shows 87.65%: the mean over the last epoch" in each.value for each in app.caption)
    finally:
        store.delete(run.id)


def test_a_matrix_without_mistakes_says_why_it_is_empty(open_page, store, data):
    run = store.create(RunConfig(epochs=2))
    run.model_path.write_bytes(b"weights")
    labels = data.validation.labels.copy()
    labels[0] = (labels[0] - 1) % 10  # the oracle takes the first image for the next digit
    evaluations.predict_split(run, "validation", data, lambda: Oracle(labels, len(labels)))
    try:
        app = open_page("evaluate", run=run.id, split="validation")
        assert values(app)["Accuracy"] == "100.00%"
        assert any("No image is predicted wrongly" in each.value for each in app.caption)
        app.toggle(key="evaluate_hide").set_value(False)
        assert any("Choose a cell of the matrix" in each.value for each in rerun(app).caption)
    finally:
        store.delete(run.id)


def test_the_views_keep_their_place_when_a_remark_comes(open_page, run, data):
    """Else Streamlit hides them while the network predicts, and the page jumps."""
    evaluations.predict_split(run, "train", data, lambda: Oracle(data.train.labels, 10))
    places = []
    for split in ("validation", "train"):  # only the second has a remark
        app = open_page("evaluate", run=run.id, split=split)
        places += [at for at, each in app.main.children.items() if getattr(each, "key", "") == "evaluate_view"]
    assert places[0] == places[1]


def test_an_image_that_a_page_has_opened_does_not_stay_beside_a_list_without_it(open_page, run, store, data):
    other = known_run(store, data, name="A worse oracle", wrong_every=3)
    try:
        for link, stays in (({}, False), ({"index": "0"}, True)):  # both runs are wrong on image 0
            app = open_page("evaluate", run=run.id, view="gallery", **link)
            assert app.query_params["index"] == "0"
            app.segmented_control(key="evaluate_view").set_value("pair")
            rerun(app)
            app.selectbox(key="evaluate_second").set_value(other.id)
            assert (rerun(app).query_params["index"] == "0") == stays
    finally:
        store.delete(other.id)


def test_a_calibration_error_that_the_temperature_raises_is_explained(open_page, run, monkeypatch):
    monkeypatch.setattr("core.evaluation.calibration.fit_temperature", lambda labels, logits: 3.0)
    app = open_page("evaluate", run=run.id, view="trust")
    before, after = (each.value for each in app.metric if each.label == "Expected calibration error")
    assert float(before.split()[0]) < float(after.split()[0])
    assert "The calibration error may rise, as it does here." in app.caption[-1].value


@pytest.mark.parametrize("view", ["figures", "gallery", "digit", "trust", "pair"])
def test_every_view_that_needs_no_network_opens_by_its_link(open_page, run, view):
    app = open_page("evaluate", run=run.id, view=view)
    assert not app.exception
    assert not app.error


@pytest.mark.parametrize(
    ("page", "view", "key"), [("evaluate", "gallery", "evaluate_gallery"), ("explore", "map", "explore_map_kind")]
)
def test_choices_too_wide_for_a_phone_go_on_in_another_row(open_page, run, page, view, key):
    # In a row or a column Streamlit would let them run out of sight.
    assert open_page(page, view=view).segmented_control(key=key).proto.wrap


def test_the_digit_of_the_link_is_open(open_page, run, data):
    app = open_page("evaluate", run=run.id, view="digit", index="20")
    assert app.number_input[0].value == 20
    page_text = " ".join(text.value for text in app.markdown)
    assert f"Digit 20 is a **{data.validation.labels[20]}**" in page_text


def test_the_next_mistake_is_one(open_page, run):
    app = open_page("evaluate", run=run.id, view="digit", index="1")
    next(button for button in app.button if button.label == "Next mistake").click()
    assert rerun(app).number_input[0].value == 10


def test_a_link_to_nonsense_is_survived(open_page, run):
    app = open_page("evaluate", run="no-such-run", epoch="99", view="nowhere", index="-5")
    assert not app.exception
    assert not open_page("evaluate", run=run.id, epoch="9" * 5000, index="1" * 5000).exception


def test_a_run_without_weights_says_what_to_do(open_page, store):
    run = store.create(RunConfig(), name="Nothing yet")
    try:
        app = open_page("evaluate", run=run.id)
        assert not app.exception
        assert not app.error
        assert "Nothing yet has no network yet" in app.warning[0].value
    finally:
        store.delete(run.id)


def test_a_weights_file_cut_short_is_a_sentence(open_page, run):
    run.model_path.write_bytes(b"PK cut short")
    app = computed(open_page("evaluate", run=run.id))
    assert not app.exception
    assert "is damaged or deleted" in app.error[0].value


def test_a_run_of_another_data_set_is_a_sentence(open_page, store, data):
    run = store.create(RunConfig(), name="Of other images")
    run.model_path.write_bytes(b"weights")
    events = EventFile(run.events_path)
    events.append(Started(1.0, "CPU", 10, 123, 10, 4, 2))
    events.append(RunEnded("finished", "", 2.0, 2))
    events.close()
    try:
        app = computed(open_page("evaluate", run=run.id))
        assert not app.exception
        assert "another data set" in app.error[0].value
    finally:
        store.delete(run.id)


@pytest.fixture(scope="module")
def untrained(store):
    """A run with a real network, small and never trained: for the views that look inside."""
    from core.training import models

    run = store.create(RunConfig(network="conv2x5-pool4-dense6"), name="Untrained")
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "__array__ implementation", DeprecationWarning)
        models.save(models.build(run.config), run.model_path)
    yield store.get(run.id)
    store.delete(run.id)


def test_every_look_inside_opens(open_page, untrained):
    app = open_page("evaluate", run=untrained.id, view="inside")
    for part in ("digit", "layers", "weights", "map", "dead"):
        app.session_state["evaluate_inside"] = part
        rerun(app)
        assert not app.exception, part
        assert not app.error, part


def test_robustness_is_measured_once_and_kept(open_page, untrained, monkeypatch):
    monkeypatch.setattr("core.evaluation.robustness.IMAGES", 100)
    app = open_page("evaluate", run=untrained.id, view="robustness")
    assert not app.exception
    kept = list((untrained.folder / "evaluations").glob("robustness-*.json"))
    assert len(kept) == 1
    before = kept[0].stat().st_mtime_ns
    rerun(app)
    assert kept[0].stat().st_mtime_ns == before

"""The Compare page without a browser: the table, the link, the charts and the verdict."""

import re
from types import SimpleNamespace

import numpy as np
import pytest

from core.config.run_config import RunConfig
from core.errors import RunError
from core.evaluation import evaluations
from core.runs.store import RunStore
from pages.parts.compare import curve_chart, run_rows, verdict_card
from pages.shared import caches
from tests.app.compare_page import Open, cell, read_text
from tests.app.page import rerun
from tests.made_runs import make

OPEN = RunConfig(validate_on="none", epochs=2)


def test_without_runs_it_says_where_to_begin(open_page: Open, store: RunStore):
    assert "nothing to compare yet" in read_text(open_page("compare"))


def test_the_table_shows_figures_except_sealed_ones(open_page: Open, home_store: RunStore, table):
    sealed = make(home_store, RunConfig(units=64, epochs=2), level=0.9712)
    opened = make(home_store, OPEN.changed(units=64), test=0.98)
    app = open_page("compare")
    assert not app.exception
    assert cell(table, sealed, "best") == "97.12%"
    assert cell(table, sealed, "test") == "sealed"
    images = len(caches.data().test)
    low, high = evaluations.Evaluation(counts(images, 0.98)).interval
    assert cell(table, opened, "test") == f"98.00% [{100 * low:.2f}–{100 * high:.2f}]"


def counts(images: int, accuracy: float) -> np.ndarray:
    found = np.zeros((10, 10), np.int64)
    found[0, 0] = round(images * accuracy)
    found[0, 1] = images - found[0, 0]
    return found


def test_name_note_star_and_baseline_are_saved(open_page: Open, home_store: RunStore, table):
    run = make(home_store)
    open_page("compare")
    for what, value in (("name", "My best"), ("note", "twice the units"), ("starred", True), ("baseline", True)):
        table.calls["on_edit"](run.id, what, value)
        assert getattr(home_store.get(run.id), what) == value
    open_page("compare")
    assert table.rows[run.id]["title"] == "My best"
    assert "gap" in table.columns


def test_runs_are_grouped_by_a_knob(open_page: Open, home_store: RunStore, table):
    for units in (64, 128):
        make(home_store, RunConfig(units=units))
    app = open_page("compare")
    group = next(each for each in app.selectbox if each.label == "Group by")
    rerun(app, group.select("units"))
    titles = [title.split(" · ")[0] for title in table.groups if title.startswith("Units")]
    assert {"Units 64", "Units 128"} <= set(titles)
    assert "units" not in table.columns
    shipped = next(row for row in table.rows.values() if row["fixed"])
    assert table.groups[shipped["group"]] == "Came with Digit Lab, in no group"


def test_the_link_chooses_the_runs_and_a_broken_one_harms_nothing(open_page: Open, home_store: RunStore, table):
    runs = [make(home_store) for _ in range(3)]
    open_page("compare", runs=f"{runs[0].id},nonsense", view="nonsense")
    assert table.chosen == [runs[0].id]


def test_runs_of_the_link_that_are_gone_are_named_until_others_are_ticked(open_page: Open, home_store: RunStore, table):
    run = make(home_store)
    app = open_page("compare", runs="gone1,gone2")
    assert "gone1" in app.warning[0].value
    assert "gone2" in app.warning[0].value
    rerun(app, table.calls["on_choose"]([run.id]))
    assert not open_page("compare", runs=run.id).warning


def test_a_foreign_runs_words_stay_and_its_star_is_anybodys(open_page: Open, home_store: RunStore, table, me: str):
    run, mine = make(home_store, starter="another", name="Theirs"), make(home_store, starter=me)
    app = open_page("compare")
    assert table.rows[run.id]["foreign"]
    assert not table.rows[mine.id]["foreign"]
    table.calls["on_edit"](run.id, "starred", True)
    table.calls["on_edit"](mine.id, "name", "Mine")
    assert home_store.get(run.id).starred
    assert home_store.get(mine.id).name == "Mine"
    assert not app.exception
    with pytest.raises(RunError, match="Only they and the teacher can rename it"):
        run_rows.check_owner(run.id, "rename it")
    for what in ("name", "note"):
        table.calls["on_edit"](run.id, what, "nonsense")
    assert (home_store.get(run.id).name, home_store.get(run.id).note) == ("Theirs", "")


def test_ones_own_newest_finished_run_comes_first(open_page: Open, home_store: RunStore, table, me: str):
    mine, failed = make(home_store, starter=me), make(home_store, starter=me, outcome="failed")
    theirs = [make(home_store, starter="another") for _ in range(5)]
    app = open_page("compare")
    shown = app.session_state[run_rows.CHOSEN]
    assert shown[0] == mine.id
    assert shown.index(failed.id) < min(shown.index(run.id) for run in theirs if run.id in shown)
    assert app.session_state["compare_first"] == mine.id


def test_a_damaged_network_is_one_sentence_and_the_rest_of_the_page_is_there(
    open_page: Open, home_store: RunStore, table
):
    # It was two red boxes with a traceback.
    runs = [make(home_store, OPEN.changed(units=units), test=0.97) for units in (64, 128)]
    for run in runs:
        run.model_path.write_bytes(b"PK cut short")
    app = open_page("compare", runs=",".join(run.id for run in runs))
    assert not app.exception
    assert len(app.error) == 1
    assert "model.keras" in app.error[0].value
    assert set(table.chosen) == {run.id for run in runs}


def test_only_a_clear_winner_is_green(open_page: Open, home_store: RunStore, table):
    near = [make(home_store, RunConfig(units=units, epochs=2), level=0.97 + units * 3e-5) for units in (64, 128)]
    far = make(home_store, RunConfig(units=16, epochs=2), level=0.90)
    app = open_page("compare", runs=",".join(run.id for run in near))
    assert not app.success
    assert "No clear winner" in read_text(app)
    app = open_page("compare", runs=f"{near[0].id},{far.id}")
    assert "more than luck explains" in app.success[0].value


def test_bands_of_several_experiments_have_different_colours_and_a_legend(
    open_page: Open, home_store, table, monkeypatch
):
    drawn: dict[str, list] = {}
    monkeypatch.setattr(curve_chart, "overlay_plot", lambda traces, chart, key: drawn.update({key: list(traces)}))
    monkeypatch.setattr(curve_chart, "colour", lambda row: "#8c8c8c")  # the tenth and the twentieth run share one
    runs = [make(home_store, RunConfig(units=units, epochs=2, seed=seed)) for units in (64, 128) for seed in (1, 2)]
    app = open_page("compare", runs=",".join(run.id for run in runs))
    bands = [trace for trace in drawn["compare_validation_accuracy"] if trace.kind == "band"]
    assert len({trace.colour for trace in bands}) == len(bands) == 2
    (legend,) = [each.proto.body for each in app.get("html") if "class='band-legend'" in each.proto.body]
    assert "units 64 · mean of 2 seeds" in legend
    assert "units 128 · mean of 2 seeds" in legend


def test_the_mean_of_seeds_does_not_have_the_name_of_one_seed(open_page: Open, home_store: RunStore, table):
    runs = [make(home_store, RunConfig(epochs=2, seed=seed), name=f"mine · seed {seed}") for seed in (1, 2)]
    app = open_page("compare", runs=",".join(run.id for run in runs))
    (legend,) = [each.proto.body for each in app.get("html") if "class='band-legend'" in each.proto.body]
    assert "2 epochs · mean of 2 seeds" in legend
    assert "seed 1" not in legend


def test_two_runs_get_a_verdict_on_the_same_images(open_page: Open, home_store: RunStore, table, monkeypatch):
    runs = [make(home_store, OPEN.changed(units=units), test=test) for units, test in ((64, 0.95), (128, 0.97))]
    for run in runs:
        run.model_path.write_bytes(b"a network")
    right = {run.id: np.arange(1000) < count for run, count in zip(runs, (950, 970), strict=True)}
    monkeypatch.setattr(evaluations, "is_quick", lambda *_: True)
    monkeypatch.setattr(verdict_card, "predict", lambda run, split: SimpleNamespace(right=right[run.id]))
    app = open_page("compare", runs=",".join(run.id for run in runs))
    page_text = read_text(app)
    assert "**units 128** is better than units 64 by 2.00 points, more than luck explains." in page_text
    (differing,) = [each.proto.body for each in app.get("html") if "Units" in each.proto.body]
    assert re.findall(r"<tr><th scope='row'>(.*?)</th><td>(.*?)</td><td>(.*?)</td></tr>", differing) == [
        ("Units", "64", "128")
    ]


def test_a_network_that_may_know_the_test_images_is_named(open_page: Open, home_store: RunStore, table, monkeypatch):
    near, far = [make(home_store, OPEN.changed(units=units), test=0.95) for units in (64, 128)]
    monkeypatch.setattr(evaluations, "trained_on_other_subset", lambda run, _: run.id == far.id)
    app = open_page("compare", runs=f"{near.id},{far.id}")
    said = read_text(app)
    assert said.count("was trained on another part of MNIST. It may have seen some of these images") == 1


def test_without_networks_the_accuracies_alone_speak(open_page: Open, home_store: RunStore, table):
    runs = [make(home_store, RunConfig(units=units, epochs=2), level=0.97 + units * 3e-5) for units in (64, 128)]
    page_text = read_text(open_page("compare", runs=",".join(run.id for run in runs)))
    assert "No clear winner: 0.19 points may be luck" in page_text
    assert "has no saved network" in page_text
    assert "sealed" in page_text

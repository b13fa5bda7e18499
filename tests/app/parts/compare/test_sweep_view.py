"""Sweeps and searches on Compare: the form, who may cancel, the result, and more seeds."""

import pytest

from core.config.run_config import RunConfig
from core.files import write_json
from core.jobs.search_importance import MIN_TRIALS
from core.jobs.sweep import GRID, SEARCH, Sweep, SweepPlan, SweepStore
from core.jobs.sweep_axes import combinations, read_axis
from core.runs.store import Run, RunStore
from pages.parts.compare import sweep_view
from tests.app.compare_page import Open, read_text
from tests.app.page import button, rerun
from tests.made_runs import make


def test_a_list_becomes_a_run_for_each_value(open_page: Open, home_store: RunStore, queued: list[Run]):
    app = open_page("compare", view="sweep")
    rerun(app, next(each for each in app.text_input if each.label == "Units").input("8, 16, 32"))
    assert "**3 runs**" in read_text(app)
    rerun(app, button(app, "Start").click())
    assert not app.exception
    assert sorted(run.config.units for run in queued) == [8, 16, 32]
    assert all(run.config.validate_on == "held-out" for run in queued)
    assert len({run.sweep for run in queued}) == 1
    assert queued[0].name == "units 8"
    assert "0 of 3" in app.get("progress")[0].proto.text
    assert "appears here when the first run has finished" in read_text(app)
    rerun(app, button(app, "Cancel sweep").click())
    assert not home_store.active()
    assert "no result, because no run has finished" in read_text(rerun(app))


def test_the_form_of_a_sweep_is_kept_while_other_views_are_open(open_page: Open, home_store: RunStore):
    app = open_page("compare", view="sweep")
    rerun(app, app.multiselect(key="sweep_knobs").set_value(["units", "seed"]))
    rerun(app, app.text_input(key="sweep_values_units").input("8, 16"))
    rerun(app, app.segmented_control(key="compare_view").set_value("runs"))
    rerun(app, app.segmented_control(key="compare_view").set_value("sweep"))
    assert app.multiselect(key="sweep_knobs").value == ["units", "seed"]
    assert app.text_input(key="sweep_values_units").value == "8, 16"


def progress(app) -> str:
    return app.get("progress")[0].proto.text


def test_the_progress_counts_only_finished_runs_as_finished(open_page: Open, home_store: RunStore, queued: list[Run]):
    # "3 of 5 runs done" was all that it said, also where two of the three had been stopped.
    plan = SweepPlan(GRID, RunConfig(epochs=2), (read_axis("seed", "1-5"),), trials=5)
    sweep = SweepStore(home_store).create(plan)
    for outcome in ("finished", "stopped", "stopped", "failed"):
        make(home_store, RunConfig(epochs=2), outcome=outcome, sweep=sweep.id)
    expected = "**1 of 5 runs** finished · 2 stopped · 1 failed · 1 removed or not started"
    assert progress(open_page("compare", view="sweep")) == expected
    SweepStore(home_store).stop(sweep.id)
    assert progress(open_page("compare", view="sweep")) == f"{expected} · cancelled"


def test_a_search_says_which_runs_it_has_stopped_itself(open_page: Open, home_store: RunStore, queued: list[Run]):
    plan = SweepPlan(SEARCH, RunConfig(epochs=2), (read_axis("units", "32-256"),), trials=20)
    sweep = SweepStore(home_store).create(plan)
    pruned, _, _ = (make(home_store, RunConfig(epochs=2), outcome="stopped", sweep=sweep.id) for _ in range(3))
    findings: dict[str, object] = {"pruned": [pruned.id], "importance": {}, "judged_after": 1}
    write_json(sweep.folder / "told.json", findings)
    assert (
        progress(open_page("compare", view="sweep"))
        == "**0 of 20 runs** finished · 1 stopped early · 2 stopped · 17 not started yet"
    )
    write_json(sweep.folder / "told.json", {**findings, "ended": True})
    assert "17 removed or not started" in progress(open_page("compare", view="sweep"))


def test_only_its_starter_can_cancel_a_sweep(open_page: Open, home_store: RunStore, queued: list[Run]):
    plan = SweepPlan(SEARCH, RunConfig(epochs=2), (read_axis("units", "32-256"),), trials=20)
    sweep = SweepStore(home_store).create(plan, starter="another")
    app = open_page("compare", view="sweep")
    assert button(app, "Cancel search").disabled
    sweep_view._cancel(sweep.id)  # as on a page that was drawn before
    assert not SweepStore(home_store).get(sweep.id).stopped


def test_seeds_alone_leave_the_recipe_as_it_is(open_page: Open, queued: list[Run]):
    app = open_page("compare", view="sweep")
    rerun(app, next(each for each in app.selectbox if each.label == "All other knobs from").select("quickstart"))
    rerun(app, app.multiselect[0].set_value(["seed"]))
    rerun(app, button(app, "Start").click())
    assert {run.config.validate_on for run in queued} == {"none"}
    assert sorted(run.config.seed for run in queued) == [1, 2, 3, 4, 5]


def test_what_cannot_be_tried_is_a_sentence_and_starts_nothing(open_page: Open, queued: list[Run]):
    app = open_page("compare", view="sweep")
    rerun(app, next(each for each in app.text_input if each.label == "Units").input("64, many"))
    assert "must be a whole number" in read_text(app)
    assert button(app, "Start").disabled


@pytest.mark.parametrize(
    ("text", "grid", "searched"),
    [
        (
            "4-64",
            "4 · 8 · 16 · 32 · 64",
            "Any whole number from 4 to 64.",
        ),  # a search showed the five values, and tried 29
        ("512 to 4096", "512 · 1,024 · 2,048 · 4,096", "Any whole number from 512 to 4,096."),
        ("1-3 by 1", "1 · 2 · 3", "1 · 2 · 3"),
        ("8, 16", "", ""),
    ],
)
def test_a_range_says_which_values_it_stands_for(open_page: Open, home_store: RunStore, text, grid, searched):
    app = open_page("compare", view="sweep")
    rerun(app, next(each for each in app.text_input if each.label == "Units").input(text))
    captions = {each.value for each in app.caption}
    assert grid in {*captions, ""}
    assert not [each for each in captions if each.startswith("Any ")]
    rerun(app, next(each for each in app.get("button_group") if each.key == "sweep_kind").set_value(SEARCH))
    assert searched in {*(each.value for each in app.caption), ""}
    assert (grid in {each.value for each in app.caption}) is (searched == grid != "")


def test_a_search_is_written_down_and_started(open_page: Open, home_store: RunStore, queued: list[Run]):
    app = open_page("compare", view="sweep")
    rerun(app, next(each for each in app.get("button_group") if each.key == "sweep_kind").set_value(SEARCH))
    assert not app.exception
    rerun(app, button(app, "Start").click())
    sweep = SweepStore(home_store).all()[0]
    assert (sweep.kind, sweep.trials, sweep.base.validate_on) == (SEARCH, 20, "held-out")
    assert not queued  # its own process queues them


def test_a_young_search_says_what_it_needs_to_find_which_knob_mattered(open_page: Open, home_store: RunStore, queued):
    sweep = SweepStore(home_store).create(
        SweepPlan(SEARCH, RunConfig(epochs=2), (read_axis("units", "32-256"),), trials=20)
    )
    for units in (64, 128):
        make(home_store, RunConfig(units=units, epochs=2), sweep=sweep.id)
    page_text = read_text(open_page("compare", view="sweep"))
    assert "Best so far: units" in page_text
    assert f"This needs at least {MIN_TRIALS} different runs." in page_text


def test_a_finished_sweep_says_what_was_best_and_what_mattered(
    open_page: Open, home_store: RunStore, queued: list[Run]
):
    axes = [read_axis("units", "64, 256"), read_axis("seed", "1-2")]
    sweep = SweepStore(home_store).create(SweepPlan(GRID, RunConfig(epochs=2), tuple(axes), trials=4))
    for config in combinations(RunConfig(epochs=2), axes):
        make(home_store, config, level=0.96 + 0.02 * (config.units == 256), sweep=sweep.id)
    app = open_page("compare", view="sweep")
    page_text = read_text(app)
    assert not app.exception
    assert "units **256**" in page_text
    assert "Which knob mattered" in page_text
    assert "cannot be separated" not in page_text
    rerun(app, button(app, "Show these runs in the table").click())
    assert app.session_state["compare_view"] == "runs"


@pytest.mark.parametrize(
    ("axis", "expected"), [(("units", "64, 256"), "cannot be separated"), (("seed", "1-2"), "± 1.41")]
)
def test_one_run_a_value_is_not_explained_by_the_knob_alone(
    open_page: Open, home_store: RunStore, queued, axis, expected
):
    # The bars said: units 100 %, luck 0 %.
    axes = [read_axis(*axis)]
    sweep = SweepStore(home_store).create(SweepPlan(GRID, RunConfig(epochs=2), tuple(axes), trials=2))
    for config, level in zip(combinations(RunConfig(epochs=2), axes), (0.96, 0.98), strict=True):
        make(home_store, config, level=level, sweep=sweep.id)
    app = open_page("compare", view="sweep")
    assert expected in read_text(app)
    assert "Analysis of variance" not in read_text(app)


@pytest.mark.parametrize(("validate_on", "images"), [("held-out", "validation images"), ("test", "test images")])
def test_a_sweep_names_the_images_that_judged_it(open_page: Open, home_store: RunStore, queued, validate_on, images):
    base, axes = RunConfig(epochs=2, validate_on=validate_on), [read_axis("seed", "1-2")]
    sweep = SweepStore(home_store).create(SweepPlan(GRID, base, tuple(axes), trials=2))
    for config in combinations(base, axes):
        make(home_store, config, sweep=sweep.id)
    assert f"measured on {images}" in read_text(open_page("compare", view="sweep"))


def made_sweep(home_store: RunStore, levels: dict[int, list[float]]) -> Sweep:
    """A sweep over the units, with a run for each level and a seed for each run."""
    texts = [
        read_axis("units", ", ".join(map(str, levels))),
        read_axis("seed", f"1-{len(next(iter(levels.values())))}"),
    ]
    sweep = SweepStore(home_store).create(
        SweepPlan(GRID, RunConfig(epochs=2), tuple(texts), trials=sum(map(len, levels.values())))
    )
    for units, values in levels.items():
        for seed, level in enumerate(values, start=1):
            make(home_store, RunConfig(epochs=2, units=units, seed=seed), level=level, sweep=sweep.id)
    return sweep


def test_a_sweep_over_seeds_shows_mean_and_interval_for_each_value(open_page: Open, home_store: RunStore, queued):
    made_sweep(home_store, levels={64: [0.960, 0.961, 0.962], 256: [0.980, 0.981, 0.979]})
    app = open_page("compare", view="sweep")
    page_text = read_text(app)
    assert not app.exception
    (table,) = [each.proto.body for each in app.get("html") if "<div class='settings'" in each.proto.body]
    assert "units 64<small>3 seeds" in table
    assert "Mean 96.10%, 95% interval 95.85% to 96.35%; runs: 96.00%, 96.10%, 96.20%" in table
    assert "on average 98.00% of the validation images" in page_text
    assert "**units 256** is the best" in app.success[0].value
    (bars,) = [each.proto.body for each in app.get("html") if "class='shares'" in each.proto.body]
    assert "Seed" not in bars  # the seed was named the most important knob
    assert "More seeds" not in [each.label for each in app.button]  # it can tell


def test_runs_of_an_earlier_data_set_do_not_decide_a_sweep(open_page: Open, home_store: RunStore, queued: list[Run]):
    sweep = made_sweep(home_store, levels={64: [0.99, 0.98], 256: [0.96, 0.97]})
    for run in home_store.runs():
        if run.sweep == sweep.id:
            data = {"fingerprint": ("a" if run.config.units == 256 else "b") * 16, "names": list("0123456789")}
            home_store.write(run.id, data=data)
    page_text = read_text(open_page("compare", view="sweep"))
    assert "Not counted: 2 runs of another data set." in page_text
    assert "98.50%" not in page_text


def test_runs_of_an_earlier_data_set_do_not_decide_a_search(open_page: Open, home_store: RunStore, queued: list[Run]):
    plan = SweepPlan(SEARCH, RunConfig(epochs=2), (read_axis("units", "32-256"),), trials=3)
    sweep = SweepStore(home_store).create(plan)
    for data, units, level, outcome in (
        ("b", 32, 0.99, "finished"),
        ("b", 48, 0.9, "stopped"),
        ("a", 64, 0.97, "finished"),
    ):
        run = make(home_store, RunConfig(units=units, epochs=2), level=level, outcome=outcome, sweep=sweep.id)
        home_store.write(run.id, data={"fingerprint": data * 16, "names": list("0123456789")})
    told = {"importance": {"units": 1.0}, "judged_after": 2, "ended": True}
    write_json(sweep.folder / "told.json", told)
    page_text = read_text(open_page("compare", view="sweep"))
    assert "Not counted: 2 runs of another data set." in page_text
    assert "Best: units **64**" in page_text
    assert "Which knob mattered is not shown" in page_text  # a search of an earlier version mixed them
    write_json(sweep.folder / "told.json", {**told, "data": "a" * 16})
    page_text = read_text(open_page("compare", view="sweep"))
    assert "fANOVA" in page_text
    assert "is not shown" not in page_text


def test_where_a_sweep_cannot_tell_it_offers_more_seeds(open_page: Open, home_store: RunStore, queued: list[Run]):
    sweep = made_sweep(home_store, levels={64: [0.970, 0.973], 256: [0.971, 0.975]})
    app = open_page("compare", view="sweep")
    assert not app.success
    assert "No clear winner: 0.15 points may be luck" in read_text(app)
    rerun(app, button(app, "More seeds").click())
    assert not app.exception
    assert sorted((run.config.units, run.config.seed) for run in queued) == [(64, 3), (64, 4), (256, 3), (256, 4)]
    assert {run.sweep for run in queued} == {sweep.id}
    assert "units 64, seed 3" in [run.name for run in queued]
    assert SweepStore(home_store).get(sweep.id).trials == 8
    assert "4 of 8" in app.get("progress")[0].proto.text


def test_two_equal_sweeps_can_each_be_chosen(open_page: Open, home_store: RunStore, queued: list[Run]):
    sweeps = [made_sweep(home_store, levels={64: [0.97] * 2, 256: [0.98 + place / 1000] * 2}) for place in (0, 1)]
    app = open_page("compare", view="sweep")
    for sweep, accuracy in zip(sweeps, ("98.00%", "98.10%"), strict=True):
        box = next(each for each in app.selectbox if each.label == "Sweep")
        assert len(set(box.options)) == 2
        rerun(app, box.select(sweep.id))
        assert f"on average {accuracy} of the validation images right" in read_text(app)

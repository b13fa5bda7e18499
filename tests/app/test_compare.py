"""The Compare page without a browser: table, verdict, deleting with undo, and sweeps."""

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core.config.run_config import RunConfig
from core.errors import RunError
from core.evaluation import evaluations
from core.jobs import search
from core.jobs.search_importance import MIN_TRIALS
from core.jobs.sweep import GRID, SEARCH, Sweep, SweepPlan, SweepStore
from core.jobs.sweep_axes import combinations, read_axis
from core.runs.store import Run, RunStore
from pages.parts.compare import curve_chart, run_rows, sweep_view, verdict_card
from pages.shared import caches, visitor
from tests.made_runs import make

OPEN = RunConfig(validate_on="none", epochs=2)


@pytest.fixture
def store(home: Path) -> Iterator[RunStore]:
    """The store of the dashboard under test, left as it was found."""
    store = RunStore(home)
    before = {run.id for run in store.runs()}
    yield store
    for folder in ("sweeps", "trash"):
        shutil.rmtree(home / folder, ignore_errors=True)
    for run in store.runs():
        if run.id not in before:
            shutil.rmtree(run.folder)


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """The last content of the table; AppTest draws no components."""
    seen = SimpleNamespace()

    def run_table(content, **calls):
        seen.columns = [column["id"] for column in content.columns]
        seen.rows = {row["id"]: row for row in content.rows}
        seen.groups, seen.chosen, seen.calls = content.groups, content.chosen, calls

    monkeypatch.setattr(run_rows, "run_table", run_table)
    return seen


@pytest.fixture
def queued(monkeypatch: pytest.MonkeyPatch, store: RunStore) -> list[Run]:
    """The runs that were queued; nothing trains."""
    runs: list[Run] = []

    class Jobs:
        def submit(self, config, **facts) -> Run:
            runs.append(store.create(config, queued=True, **facts))
            return runs[-1]

        def stop(self, run_id: str, *, visitor: str) -> None:
            (store.get(run_id).folder / "queued").unlink()
            store.delete(run_id)

        def may_control(self, what, visitor: str) -> bool:
            return what.starter in ("", visitor)

    monkeypatch.setattr(caches, "jobs", Jobs)
    monkeypatch.setattr(search, "start", lambda *_: None)
    return runs


def cell(table: SimpleNamespace, run: Run, column: str) -> str:
    return table.rows[run.id]["cells"][table.columns.index(column)][0]


def button(app: AppTest, label: str):
    return next(each for each in app.button if each.label == label)


def rerun(app: AppTest, done: object) -> None:
    """Runs the page once more after something was `done` on it. AppTest runs its file alone, which bounces."""
    app.session_state["_inside_navigation"] = True
    app.run()


def read_text(app: AppTest) -> str:
    return " ".join(each.value for kind in ("markdown", "info", "success", "caption", "warning", "error")
                    for each in app.get(kind))  # fmt: skip


Open = Callable[..., AppTest]


def test_without_runs_it_says_where_to_begin(open_page: Open, store: RunStore):
    if any(not run.shipped for run in store.runs()):
        pytest.skip("other tests have left runs")
    assert "nothing to compare yet" in read_text(open_page("compare"))


def test_the_table_shows_figures_except_sealed_ones(open_page: Open, store: RunStore, table):
    sealed = make(store, RunConfig(units=64, epochs=2), level=0.9712)
    opened = make(store, OPEN.changed(units=64), test=0.98)
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


def test_name_note_star_and_baseline_are_saved(open_page: Open, store: RunStore, table):
    run = make(store)
    open_page("compare")
    for what, value in (("name", "My best"), ("note", "twice the units"), ("starred", True), ("baseline", True)):
        table.calls["on_edit"](run.id, what, value)
        assert getattr(store.get(run.id), what) == value
    open_page("compare")
    assert table.rows[run.id]["title"] == "My best"
    assert "gap" in table.columns


def test_runs_are_grouped_by_a_knob(open_page: Open, store: RunStore, table):
    for units in (64, 128):
        make(store, RunConfig(units=units))
    app = open_page("compare")
    group = next(each for each in app.selectbox if each.label == "Group by")
    rerun(app, group.select("units"))
    titles = [title.split(" · ")[0] for title in table.groups if title.startswith("Units")]
    assert {"Units 64", "Units 128"} <= set(titles)
    assert "units" not in table.columns
    shipped = next(row for row in table.rows.values() if row["fixed"])
    assert table.groups[shipped["group"]] == "Came with Digit Lab, in no group"


def test_the_link_chooses_the_runs_and_a_broken_one_harms_nothing(open_page: Open, store: RunStore, table):
    runs = [make(store) for _ in range(3)]
    open_page("compare", runs=f"{runs[0].id},nonsense", view="nonsense")
    assert table.chosen == [runs[0].id]


def test_runs_of_the_link_that_are_gone_are_named_until_others_are_ticked(open_page: Open, store: RunStore, table):
    run = make(store)
    app = open_page("compare", runs="gone1,gone2")
    assert "gone1" in app.warning[0].value
    assert "gone2" in app.warning[0].value
    rerun(app, table.calls["on_choose"]([run.id]))
    assert not open_page("compare", runs=run.id).warning


def select_for_deletion(app: AppTest, *runs: Run) -> None:
    box = next(each for each in app.multiselect if each.label == "Runs to delete")
    rerun(app, box.set_value([run.id for run in runs]))


def test_selected_runs_are_deleted_and_restored(open_page: Open, store: RunStore, table):
    runs = [make(store) for _ in range(3)]
    app = open_page("compare", runs=",".join(run.id for run in runs[:2]))
    assert button(app, "Move to the trash").disabled  # ticks in the table select nothing
    select_for_deletion(app, *runs[1:])
    rerun(app, button(app, "Move 2 runs to the trash").click())
    assert {run.id for run in runs} & {run.id for run in store.runs()} == {runs[0].id}
    assert button(app, "Move to the trash").disabled  # the next deletion starts with an empty selection
    rerun(app, button(app, "Restore 2 runs").click())
    assert {run.id for run in runs} <= set(table.rows)
    assert set(table.chosen) == {run.id for run in runs[:2]}


def test_the_runs_in_the_charts_can_be_selected_at_once(open_page: Open, store: RunStore, table):
    runs = [make(store) for _ in range(2)]
    app = open_page("compare", runs=",".join(run.id for run in runs))
    rerun(app, button(app, "Select the 2 runs in the charts").click())
    rerun(app, button(app, "Move 2 runs to the trash").click())
    assert not {run.id for run in runs} & {run.id for run in store.runs()}


@pytest.fixture
def me(monkeypatch: pytest.MonkeyPatch) -> str:
    """The visitor who looks."""
    monkeypatch.setattr(visitor, "_secret", lambda: b"a pupil")
    return visitor.visitor()


def test_what_somebody_else_started_is_not_deleted(open_page: Open, store: RunStore, table, me: str):
    mine, another = make(store, starter=me), make(store, starter="another", name="Theirs")
    app = open_page("compare", runs=f"{mine.id},{another.id}")
    offered = next(each for each in app.multiselect if each.label == "Runs to delete").options
    assert any(title.startswith(mine.title) for title in offered)
    assert not any(another.id in title or title.startswith("Theirs") for title in offered)
    assert "Runs that somebody else started are not listed" in read_text(app)
    rerun(app, button(app, "Select the 1 run in the charts").click())
    rerun(app, button(app, "Move 1 run to the trash").click())
    assert another.id in table.rows
    assert mine.id not in table.rows


def test_a_run_that_became_somebody_elses_meanwhile_stays(open_page: Open, store: RunStore, table, me: str):
    run = make(store, starter=me)
    app = open_page("compare", runs=run.id)
    select_for_deletion(app, run)
    store.write(run.id, starter="another")
    rerun(app, button(app, "Move 1 run to the trash").click())
    assert run.id in table.rows
    assert "Only that person can delete it" in read_text(app)


def test_everybody_deletes_what_the_teacher_lets_them(open_page: Open, store: RunStore, table, me: str, monkeypatch):
    monkeypatch.setenv("DIGIT_LAB_ANYONE_STOPS", "1")
    run = make(store, starter="another")
    app = open_page("compare", runs=run.id)
    select_for_deletion(app, run)
    rerun(app, button(app, "Move 1 run to the trash").click())
    assert run.id not in [each.id for each in store.runs()]


def test_a_foreign_runs_words_stay_and_its_star_is_anybodys(open_page: Open, store: RunStore, table, me: str):
    run, mine = make(store, starter="another", name="Theirs"), make(store, starter=me)
    app = open_page("compare")
    assert table.rows[run.id]["foreign"]
    assert not table.rows[mine.id]["foreign"]
    table.calls["on_edit"](run.id, "starred", True)
    table.calls["on_edit"](mine.id, "name", "Mine")
    assert store.get(run.id).starred
    assert store.get(mine.id).name == "Mine"
    assert not app.exception
    with pytest.raises(RunError, match="Only that person can rename it"):
        run_rows.check_owner(run.id, "rename it")
    for what in ("name", "note"):
        table.calls["on_edit"](run.id, what, "nonsense")
    assert (store.get(run.id).name, store.get(run.id).note) == ("Theirs", "")


def test_ones_own_newest_finished_run_comes_first(open_page: Open, store: RunStore, table, me: str):
    mine, failed = make(store, starter=me), make(store, starter=me, outcome="failed")
    theirs = [make(store, starter="another") for _ in range(5)]
    app = open_page("compare")
    shown = app.session_state[run_rows.CHOSEN]
    assert shown[0] == mine.id
    assert shown.index(failed.id) < min(shown.index(run.id) for run in theirs if run.id in shown)
    assert app.session_state["compare_first"] == mine.id


def test_a_damaged_network_is_one_sentence_and_the_rest_of_the_page_is_there(open_page: Open, store: RunStore, table):
    # It was two red boxes with a traceback.
    runs = [make(store, OPEN.changed(units=units), test=0.97) for units in (64, 128)]
    for run in runs:
        run.model_path.write_bytes(b"PK cut short")
    app = open_page("compare", runs=",".join(run.id for run in runs))
    assert not app.exception
    assert len(app.error) == 1
    assert "model.keras" in app.error[0].value
    assert set(table.chosen) == {run.id for run in runs}


def test_only_a_clear_winner_is_green(open_page: Open, store: RunStore, table):
    near = [make(store, RunConfig(units=units, epochs=2), level=0.97 + units * 3e-5) for units in (64, 128)]
    far = make(store, RunConfig(units=16, epochs=2), level=0.90)
    app = open_page("compare", runs=",".join(run.id for run in near))
    assert not app.success
    assert "No clear winner" in read_text(app)
    app = open_page("compare", runs=f"{near[0].id},{far.id}")
    assert "more than luck explains" in app.success[0].value


def test_bands_of_several_experiments_have_different_colours_and_a_legend(open_page: Open, store, table, monkeypatch):
    drawn: dict[str, list] = {}
    monkeypatch.setattr(curve_chart, "overlay_plot", lambda traces, chart, key: drawn.update({key: list(traces)}))
    monkeypatch.setattr(curve_chart, "colour", lambda row: "#8c8c8c")  # the tenth and the twentieth run share one
    runs = [make(store, RunConfig(units=units, epochs=2, seed=seed)) for units in (64, 128) for seed in (1, 2)]
    app = open_page("compare", runs=",".join(run.id for run in runs))
    bands = [trace for trace in drawn["compare_validation_accuracy"] if trace.kind == "band"]
    assert len({trace.colour for trace in bands}) == len(bands) == 2
    (legend,) = [each.proto.body for each in app.get("html") if "class='band-legend'" in each.proto.body]
    assert "units 64 · mean of 2 seeds" in legend
    assert "units 128 · mean of 2 seeds" in legend


def test_two_runs_get_a_verdict_on_the_same_images(open_page: Open, store: RunStore, table, monkeypatch):
    runs = [make(store, OPEN.changed(units=units), test=test) for units, test in ((64, 0.95), (128, 0.97))]
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


def test_without_networks_the_accuracies_alone_speak(open_page: Open, store: RunStore, table):
    runs = [make(store, RunConfig(units=units, epochs=2), level=0.97 + units * 3e-5) for units in (64, 128)]
    page_text = read_text(open_page("compare", runs=",".join(run.id for run in runs)))
    assert "No clear winner: 0.19 points may be luck" in page_text
    assert "has no saved network" in page_text
    assert "sealed" in page_text


# Sweeps


def test_a_list_becomes_a_run_for_each_value(open_page: Open, store: RunStore, queued: list[Run]):
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
    rerun(app, button(app, "Cancel sweep").click())
    assert not store.active()


def test_only_its_starter_can_cancel_a_sweep(open_page: Open, store: RunStore, queued: list[Run]):
    plan = SweepPlan(SEARCH, RunConfig(epochs=2), (read_axis("units", "32-256"),), trials=20)
    sweep = SweepStore(store).create(plan, starter="another")
    app = open_page("compare", view="sweep")
    assert button(app, "Cancel search").disabled
    sweep_view._cancel(sweep.id)  # as on a page that was drawn before
    assert not SweepStore(store).get(sweep.id).stopped


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


def test_a_search_is_written_down_and_started(open_page: Open, store: RunStore, queued: list[Run]):
    app = open_page("compare", view="sweep")
    rerun(app, next(each for each in app.get("button_group") if each.key == "sweep_kind").set_value(SEARCH))
    assert not app.exception
    rerun(app, button(app, "Start").click())
    sweep = SweepStore(store).all()[0]
    assert (sweep.kind, sweep.trials, sweep.base.validate_on) == (SEARCH, 20, "held-out")
    assert not queued  # its own process queues them


def test_a_young_search_says_what_it_needs_to_find_which_knob_mattered(open_page: Open, store: RunStore, queued):
    sweep = SweepStore(store).create(SweepPlan(SEARCH, RunConfig(epochs=2), (read_axis("units", "32-256"),), trials=20))
    for units in (64, 128):
        make(store, RunConfig(units=units, epochs=2), sweep=sweep.id)
    page_text = read_text(open_page("compare", view="sweep"))
    assert "Best so far: units" in page_text
    assert f"This needs at least {MIN_TRIALS} different runs." in page_text


def test_a_finished_sweep_says_what_was_best_and_what_mattered(open_page: Open, store: RunStore, queued: list[Run]):
    axes = [read_axis("units", "64, 256"), read_axis("seed", "1-2")]
    sweep = SweepStore(store).create(SweepPlan(GRID, RunConfig(epochs=2), tuple(axes), trials=4))
    for config in combinations(RunConfig(epochs=2), axes):
        make(store, config, level=0.96 + 0.02 * (config.units == 256), sweep=sweep.id)
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
def test_one_run_a_value_is_not_explained_by_the_knob_alone(open_page: Open, store: RunStore, queued, axis, expected):
    # The bars said: units 100 %, luck 0 %.
    axes = [read_axis(*axis)]
    sweep = SweepStore(store).create(SweepPlan(GRID, RunConfig(epochs=2), tuple(axes), trials=2))
    for config, level in zip(combinations(RunConfig(epochs=2), axes), (0.96, 0.98), strict=True):
        make(store, config, level=level, sweep=sweep.id)
    app = open_page("compare", view="sweep")
    assert expected in read_text(app)
    assert "Analysis of variance" not in read_text(app)


@pytest.mark.parametrize(("validate_on", "images"), [("held-out", "validation images"), ("test", "test images")])
def test_a_sweep_names_the_images_that_judged_it(open_page: Open, store: RunStore, queued, validate_on, images):
    base, axes = RunConfig(epochs=2, validate_on=validate_on), [read_axis("seed", "1-2")]
    sweep = SweepStore(store).create(SweepPlan(GRID, base, tuple(axes), trials=2))
    for config in combinations(base, axes):
        make(store, config, sweep=sweep.id)
    assert f"measured on {images}" in read_text(open_page("compare", view="sweep"))


def made_sweep(store: RunStore, levels: dict[int, list[float]]) -> Sweep:
    """A sweep over the units, with a run for each level and a seed for each run."""
    texts = [
        read_axis("units", ", ".join(map(str, levels))),
        read_axis("seed", f"1-{len(next(iter(levels.values())))}"),
    ]
    sweep = SweepStore(store).create(
        SweepPlan(GRID, RunConfig(epochs=2), tuple(texts), trials=sum(map(len, levels.values())))
    )
    for units, values in levels.items():
        for seed, level in enumerate(values, start=1):
            make(store, RunConfig(epochs=2, units=units, seed=seed), level=level, sweep=sweep.id)
    return sweep


def test_a_sweep_over_seeds_shows_mean_and_interval_for_each_value(open_page: Open, store: RunStore, queued):
    made_sweep(store, levels={64: [0.960, 0.961, 0.962], 256: [0.980, 0.981, 0.979]})
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


def test_where_a_sweep_cannot_tell_it_offers_more_seeds(open_page: Open, store: RunStore, queued: list[Run]):
    sweep = made_sweep(store, levels={64: [0.970, 0.973], 256: [0.971, 0.975]})
    app = open_page("compare", view="sweep")
    assert not app.success
    assert "No clear winner: 0.15 points may be luck" in read_text(app)
    rerun(app, button(app, "More seeds").click())
    assert not app.exception
    assert sorted((run.config.units, run.config.seed) for run in queued) == [(64, 3), (64, 4), (256, 3), (256, 4)]
    assert {run.sweep for run in queued} == {sweep.id}
    assert "units 64, seed 3" in [run.name for run in queued]
    assert SweepStore(store).get(sweep.id).trials == 8
    assert "4 of 8" in app.get("progress")[0].proto.text


def test_two_equal_sweeps_can_each_be_chosen(open_page: Open, store: RunStore, queued: list[Run]):
    sweeps = [made_sweep(store, levels={64: [0.97] * 2, 256: [0.98 + place / 1000] * 2}) for place in (0, 1)]
    app = open_page("compare", view="sweep")
    for sweep, accuracy in zip(sweeps, ("98.00%", "98.10%"), strict=True):
        box = next(each for each in app.selectbox if each.label == "Sweep")
        assert len(set(box.options)) == 2
        rerun(app, box.select(sweep.id))
        assert f"on average {accuracy} of the validation images right" in read_text(app)

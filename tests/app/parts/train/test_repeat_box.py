"""Repeat with seeds: the box beside Start, and what the page says about all seeds while they train and afterwards."""

import pytest
from streamlit.testing.v1 import AppTest

from core.classroom import settings
from core.config.run_config import RunConfig
from core.jobs import repeat
from core.jobs.scheduler import Scheduler
from core.jobs.sweep import SweepStore
from core.runs.store import Run, RunStore
from tests.app.train_page import labels, press, rerun, visit, words
from tests.made_runs import make
from tests.small_run import wait_until
from tests.stand_in_gpus import installed


def choose(page: AppTest, seeds: int) -> AppTest:
    next(box for box in page.number_input if box.label == "Seeds").set_value(seeds)
    return rerun(page)


def runs_by_seed(store: RunStore) -> list[Run]:
    return sorted((run for run in store.runs() if not run.shipped), key=lambda run: run.config.seed)


def made_seeds(store: RunStore, levels: list[float], starter: str = "") -> list[Run]:
    configs = repeat.configs_of(RunConfig(epochs=2), len(levels))
    sweep = repeat.create(store, configs, starter=starter)
    return [make(store, config, level=level, sweep=sweep.id) for config, level in zip(configs, levels, strict=True)]


def line_of_seeds(page: AppTest) -> str:
    (line,) = [each.proto.body for each in page.get("html") if 'class="seeds"' in each.proto.body]
    return line


def test_a_run_for_each_seed_starts_and_the_first_is_shown(store):
    page = press(choose(visit(epochs="2", seed="4"), 3), "Start 3 runs")
    runs = runs_by_seed(store)
    assert [run.config.seed for run in runs] == [4, 5, 6]
    assert page.query_params["run"] == runs[0].id
    assert len({run.sweep for run in runs}) == 1
    wait_until(lambda: not store.active())
    assert {run.state for run in runs} == {"finished"}


def test_the_time_of_all_seeds_is_that_of_one_process(store, monkeypatch):
    monkeypatch.setattr("core.jobs.waiting_time.NEXT_SEED_SECONDS", 3600.0)
    assert "about **2 h" in words(choose(visit(), 3))  # between three seeds; the first one waits for nothing


def test_all_seeds_can_be_stopped_together_and_the_page_says_what_the_other_buttons_do(store, monkeypatch):
    stop, stopped = Scheduler.stop, []
    monkeypatch.setattr(Scheduler, "stop", lambda self, run, **asked: stopped.append(run) or stop(self, run, **asked))
    page = press(choose(visit(epochs="400"), 3), "Start 3 runs")
    first, *others = runs_by_seed(store)
    wait_until(lambda: first.state == "running")
    rerun(page)
    assert "one after another" in words(page)
    assert "Pause holds the others" in words(page)
    press(page, "Stop all seeds")
    wait_until(lambda: not store.active())
    assert first.state == "stopped"
    assert stopped[-1] == first.id  # if it stopped before the others are out of the queue, the next one would start
    assert not any(run.folder.exists() for run in others)
    assert SweepStore(store).all()[0].stopped
    assert "seed 1 <b>stopped</b>" in line_of_seeds(rerun(page))
    assert "2 seeds <b>removed or not started</b>" in line_of_seeds(page)
    assert "Stop all seeds" not in labels(rerun(page))


def test_with_two_gpus_two_seeds_train_at_a_time(store):
    with installed(2):
        page = choose(visit(epochs="400", device="gpu"), 4)
        assert "train on all free devices, 2 at a time" in words(page)
        page = press(page, "Start 4 runs")
        wait_until(lambda: sum(run.state == "running" for run in store.active()) == 2)
        assert "Stop, Pause and Learning rate act on the seed that is shown" in words(rerun(page))
        assert any(link.proto.label.endswith(" · 1 more training · 2 waiting") for link in page.get("page_link"))
        press(page, "Stop all seeds")
        wait_until(lambda: not store.active())


def test_seeds_in_one_call_say_that_the_buttons_act_on_all(store):
    with installed(1) as machine:
        machine.setenv("DIGIT_LAB_SEEDS_PER_CALL", "8")
        page = choose(visit(epochs="400", device="gpu"), 3)
        assert "at most **" in words(page)
        assert "The runs train together, up to 8 in one call of the GPU" in words(page)
        page = press(page, "Start 3 runs")
        wait_until(lambda: any(run.started and run.started.together > 1 for run in store.active()))
        assert "Stop, Pause, One epoch and Learning rate act on all of them" in words(rerun(page))
        assert "one after another" not in words(page)
        press(page, "Stop all seeds")
        wait_until(lambda: not store.active())


def test_mean_spread_and_each_accuracy_are_shown(store):
    runs = made_seeds(store, [0.96, 0.97, 0.98])
    page = visit(run=runs[0].id)
    assert "**97.00% ± 1.00 over 3 seeds** on the validation images" in words(page)
    assert "Show all in Compare" in labels(page)
    assert "seed 3 <b>98.00%</b>" in line_of_seeds(page)


def test_seeds_of_another_data_set_are_not_counted(store):
    runs = made_seeds(store, [0.96, 0.97, 0.99])
    for run, data in zip(runs, "bba", strict=True):  # the last one in the list was trained with the newest data
        store.write(run.id, data={"fingerprint": data * 16, "names": list("0123456789")})
    shown = words(visit(run=runs[2].id))
    assert "Not counted: 2 seeds of another data set." in shown
    assert "over 3 seeds" not in shown


def test_a_paused_seed_is_not_shown_as_training(store):
    page = press(choose(visit(epochs="400"), 2), "Start 2 runs")
    first = runs_by_seed(store)[0]
    wait_until(lambda: first.state == "running")
    press(rerun(page), "Pause")
    wait_until(lambda: first.state == "paused")
    assert "seed 1 <b>paused</b>" in line_of_seeds(rerun(page))
    press(page, "Stop all seeds")
    wait_until(lambda: not store.active())


def test_no_mean_is_promised_when_no_seed_trains(store):
    runs = repeat.configs_of(RunConfig(epochs=2), 2)
    sweep = repeat.create(store, runs)
    made = [make(store, config, outcome="stopped", sweep=sweep.id) for config in runs]
    assert "Mean and spread appear here" not in words(visit(run=made[0].id))


def test_a_single_run_has_no_line_of_seeds(store):
    page = visit(run=make(store).id)
    assert not [each for each in page.get("html") if 'class="seeds"' in each.proto.body]


def test_only_their_starter_can_stop_them(store):
    runs = made_seeds(store, [0.96, 0.97], starter="another")
    waiting = store.create(RunConfig(epochs=2, seed=3), queued=True, sweep=runs[0].sweep, starter="another")
    page = visit(run=waiting.id)
    (stop,) = [button for button in page.button if button.label == "Stop all seeds"]
    assert stop.disabled


@pytest.mark.parametrize(("waiting", "most", "allowed"), [(4, 4, True), (1, 20, False), (0, 20, True)])
def test_the_limits_of_the_server_bound_the_number_of_seeds(store, waiting, most, allowed):
    settings.change(store.home, {"waiting_per_visitor": waiting})
    try:
        page = visit()
    finally:
        (store.home / settings.FILE).unlink()
    box = next(box for box in page.number_input if box.label == "Seeds")
    assert (box.min, box.max) == (2, most)
    assert next(button for button in page.button if button.key == "repeat_start").disabled is not allowed


def test_the_seeds_can_be_opened_in_compare(store):
    runs = made_seeds(store, [0.96, 0.97])
    page = visit(run=runs[0].id)
    (button,) = [button for button in page.button if button.label == "Show all in Compare"]
    button.click()
    rerun(page)
    assert page.session_state["compare_view"] == "sweep"
    assert page.session_state["compare_sweep"] == runs[0].sweep

"""Whether a prediction is met, worked by hand for each kind."""

import pytest

from core.classroom import outcome
from core.classroom.outcome import Reached
from core.config.run_config import RunConfig
from core.runs.events import STOPPED
from core.runs.prediction import CHOICE, NUMBER, SETTING, TEXT, Asked, Choice, Prediction, Versus
from tests import made_runs

VERSUS = Asked(SETTING, versus=Versus("units", ("16", "128")))
RANGES = Asked(CHOICE, choices=(Choice("low", 0, 90), Choice("high", 90, 100)))


def made(store, asked, given, level=0.97, config=None, **facts):
    prediction = Prediction("?", asked, asked.check(given)).to_facts()
    return made_runs.make(store, config, level=level, starter="a", prediction=prediction, **facts)


def judged(run, other=None, answer=""):
    return outcome.judge(run.prediction, run.config, outcome.reached(run, run.state), other, answer)


@pytest.mark.parametrize(
    ("given", "met", "distance"),
    [("97", True, 0), ("96.5", True, 0.005), ("97.5", True, 0.005), ("96.4", False, 0.006)],
)
def test_a_number_is_met_within_its_points(store, given, met, distance):
    verdict = judged(made(store, Asked(NUMBER, within=0.5), given))
    assert (verdict.met, verdict.distance) == (met, pytest.approx(distance))
    assert "points" in verdict.sentence


def test_a_choice_is_right_if_the_result_is_in_its_range(store):
    assert judged(made(store, RANGES, "high")).met is True
    wrong = judged(made(store, RANGES, "low"))
    assert (wrong.met, wrong.distance) == (False, pytest.approx(0.07))
    assert "high" in wrong.sentence


def test_the_teacher_decides_about_choices_without_ranges(store):
    run = made(store, Asked(CHOICE, choices=(Choice("a"), Choice("b"))), "a")
    assert judged(run).met is None
    assert judged(run, answer="a").met is True
    assert judged(run, answer="b").met is False


def test_the_setting_with_the_higher_accuracy_wins(store):
    small = RunConfig(units=16)
    run = made(store, VERSUS, "128", 0.94, small)
    assert "other setting" in judged(run).sentence
    assert judged(run, other=0.97).met is True
    lost = judged(run, other=0.92)
    assert (lost.met, lost.distance) == (False, pytest.approx(0.02))
    tie = judged(run, other=0.9405)
    assert tie.met is None
    assert "tie" in tie.sentence
    assert judged(made(store, VERSUS, "128", config=RunConfig(units=64)), other=0.9).met is None


def test_the_other_setting_is_looked_for_among_the_same_students_equal_runs(store):
    run = made(store, VERSUS, "128", config=RunConfig(units=16))
    other = made(store, VERSUS, "16", config=RunConfig(units=128))
    made(store, VERSUS, "16", config=RunConfig(units=128, seed=9))
    made_runs.make(store, RunConfig(units=128), starter="a")
    stranger = Prediction("?", VERSUS, "16").to_facts()
    made_runs.make(store, RunConfig(units=128), starter="b", prediction=stranger)
    assert [each.id for each in outcome.counterparts(run, store.runs())] == [other.id]
    for each, data in ((run, "a"), (other, "b")):
        store.write(each.id, data={"fingerprint": data * 16, "names": list("0123456789")})
    assert outcome.counterparts(store.get(run.id), store.runs()) == []  # the images may decide, and not the setting


def test_nobody_judges_a_free_text_or_a_run_that_has_not_finished(store):
    assert judged(made(store, Asked(TEXT), "worse")).met is None
    stopped = made(store, Asked(NUMBER), "97", outcome=STOPPED)
    assert not outcome.reached(stopped, stopped.state).final
    assert judged(stopped).met is None
    assert judged(made_runs.make(store)).met is None


def test_a_run_without_validation_is_judged_on_the_test_images(store):
    config = RunConfig(validate_on="none")
    run = made(store, Asked(NUMBER), "95", config=config, test=0.951)
    assert outcome.reached(run, run.state) == Reached(0.951, "test", final=True)
    assert outcome.reached(run, "running").images == "training"


@pytest.mark.parametrize("strange", [float("nan"), float("inf"), -0.5, 1e300])
def test_an_accuracy_that_is_none_counts_as_missing(store, strange):
    run = made(store, Asked(NUMBER), "97", level=strange)
    assert outcome.reached(run, run.state) == Reached(None)
    assert judged(run).met is None


@pytest.mark.parametrize("asked", [Asked(NUMBER), RANGES, VERSUS, Asked(TEXT)])
def test_the_page_states_each_rule(asked):
    assert outcome.rule(asked).endswith(".")
    assert outcome.rule(Asked()) == ""

"""Predictions: what may be asked and given, in links, files and run folders from anywhere."""

import pytest

from core.config.run_config import RunConfig
from core.errors import AssignmentError, RunError
from core.runs.prediction import CHOICE, NUMBER, SETTING, TEXT, Asked, Choice, Prediction, Versus
from core.runs.store import RunStore
from tests.hostile_runs import write_facts

ASKED = {
    NUMBER: Asked(NUMBER, within=1.5),
    CHOICE: Asked(
        CHOICE, choices=(Choice("It learns nothing", 0, 30), Choice("It *learns*"), Choice("Yes", 99.5, 100))
    ),
    SETTING: Asked(SETTING, versus=Versus("learning_rate", ("0.001", "0.03"))),
    TEXT: Asked(TEXT),
}
GIVEN = {NUMBER: "97.5", CHOICE: "It *learns*", SETTING: "0.03", TEXT: "It gets worse."}


@pytest.mark.parametrize("kind", ASKED)
def test_what_is_asked_and_given_survives_links_files_and_run_folders(kind, tmp_path):
    asked = ASKED[kind]
    assert Asked.from_texts(asked.to_texts()) == asked
    prediction = Prediction("Why?", asked, asked.check(GIVEN[kind]))
    run = RunStore(tmp_path).create(RunConfig(), assignment="1a2b3c4d", prediction=prediction.to_facts())
    assert (run.assignment, run.prediction) == ("1a2b3c4d", prediction)


def test_a_run_of_an_earlier_version_has_no_prediction(tmp_path):
    store = RunStore(tmp_path)
    run = store.create(RunConfig())
    facts = run.facts_path.read_text()
    assert '"prediction": null' in facts
    run.facts_path.write_text(facts.replace('"prediction": null', '"x": 1').replace('"assignment": ""', '"y": 1'))
    (same,) = [each for each in RunStore(tmp_path).runs() if not each.shipped]
    assert (same.assignment, same.prediction) == ("", None)


@pytest.mark.parametrize(
    "texts",
    [
        {"predict": "everything"},
        {"predict": ["number"]},
        {"predict": "number", "within": "nan"},
        {"predict": "number", "within": 10**400},
        {"predict": "number", "within": "0"},
        {"predict": "choice"},
        {"predict": "choice", "choices": "one alone"},
        {"predict": "choice", "choices": "\n".join(f"choice {number}" for number in range(6))},
        {"predict": "choice", "choices": "same\nsame"},
        {"predict": "choice", "choices": "low [90-10]\nhigh"},
        {"predict": "choice", "choices": "low [0-1e9]\nhigh"},
        {"predict": "choice", "choices": "low [under 5]\nhigh"},
        {"predict": "choice", "choices": "low [1-2-3]\nhigh"},
        {"predict": "choice", "choices": "[0-10]\nno words"},
        {"predict": "choice", "choices": "x" * 81 + "\nshort"},
        {"predict": "choice", "choices": 5},
        {"predict": "setting", "versus": "units:16"},
        {"predict": "setting", "versus": "units:16:16.0"},
        {"predict": "setting", "versus": "units:16:0"},
        {"predict": "setting", "versus": "__class__:1:2"},
        {"predict": "setting", "versus": "learning_rate:0.1:0.10"},
    ],
)
def test_what_cannot_be_asked_is_refused_with_a_sentence(texts):
    with pytest.raises(AssignmentError) as refused:
        Asked.from_texts(texts)
    assert refused.value.sentence.endswith(".")


def test_two_settings_are_written_as_runs_write_them():
    versus = Versus.read("network:conv08x3-dense32:dense032")
    assert versus.values == ("conv8x3-dense32", "dense32")
    with pytest.raises(AssignmentError, match="cannot be used"):
        Versus.read("network:dense0:dense32")


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        *((NUMBER, given) for given in (None, "", "many", -0.1, 100.1, float("nan"), True, [5], "9" * 400)),
        *((CHOICE, given) for given in (None, "It learns nothing [0-30]", 5, "")),
        *((SETTING, given) for given in (None, "0.02", 0.03)),
        *((TEXT, given) for given in (None, "  \n ", 5)),
        ("", "something"),
    ],
)
def test_a_prediction_that_is_none_is_refused(kind, given):
    with pytest.raises(AssignmentError):
        ASKED.get(kind, Asked()).check(given)


def test_control_characters_and_length_of_a_free_text_are_limited():
    assert ASKED[TEXT].check("a\u202eb\nc") == "a b c"
    assert len(ASKED[TEXT].check("x" * 5000)) == 300


@pytest.mark.parametrize(
    "strange", [5, [], {}, {"predict": "number", "given": "x"}, {"predict": "number", "given": {}}]
)
def test_a_strange_prediction_sets_its_run_aside(strange, tmp_path):
    store = RunStore(tmp_path)
    run, other = store.create(RunConfig()), store.create(RunConfig())
    write_facts(run, prediction=strange)
    assert [each.id for each in RunStore(tmp_path).runs() if not each.shipped] == [other.id]
    with pytest.raises(RunError, match="value that is not allowed"):
        RunStore(tmp_path).get(run.id)


@pytest.mark.parametrize("line", ["low [0-30]", "low[0–30]", " low  [ 0% - 30% ] ", "low [0,0-30,0]"])
def test_a_range_may_be_written_in_several_ways(line):
    assert Choice.read(line) == Choice("low", 0, 30)


def test_a_range_holds_its_lower_end_and_not_its_upper_one():
    choice = Choice("some", 50, 90)
    assert [choice.distance(share) == 0 for share in (0.4999, 0.5, 0.8999, 0.9, 1.0)] == [
        False,
        True,
        True,
        False,
        False,
    ]
    assert choice.distance(0.3) == pytest.approx(0.2)
    assert Choice("all", 90, 100).distance(1.0) == 0
    assert Choice("no range").distance(0.5) is None

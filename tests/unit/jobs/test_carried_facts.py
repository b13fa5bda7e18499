"""What a run keeps when its download is added elsewhere, and what stays behind."""

import io
import json
import zipfile
from dataclasses import asdict, fields

import pytest

from core.config.recipes import RECIPES
from core.errors import RunError
from core.evaluation.run_archive import read_zip
from core.evaluation.run_export import build_archive
from core.evaluation.run_facts import read_description
from core.jobs import run_import
from core.runs import prediction as predictions
from core.runs.prediction import CHOICE, NUMBER, SETTING, TEXT, Asked, Choice, Prediction, Versus
from core.runs.store import RunFacts, RunStore
from tests import made_runs

CHOICES = (Choice("It learns nothing", 0, 30), Choice("It *learns*"))
PREDICTIONS = {
    NUMBER: Prediction("How high?", Asked(NUMBER, within=1.5), "97.5"),
    CHOICE: Prediction("", Asked(CHOICE, choices=CHOICES), "It *learns*"),
    SETTING: Prediction("Which?", Asked(SETTING, versus=Versus("learning_rate", ("0.001", "0.03"))), "0.03"),
    TEXT: Prediction("<b>Why</b>?", Asked(TEXT), "Größer ist [besser](http://x)."),
}
NUMBER_FACTS = PREDICTIONS[NUMBER].to_facts()
KNOWN = {
    "recipe": "fast",
    "name": "Mine",
    "starter": "aaaabbbbcccc",
    "sweep": "241128-101010-sweep",
    "forecast_seconds": 1234.5,
    "assignment": "1a2b3c4d",
    "prediction": NUMBER_FACTS,
}
STAYS = ("starter", "sweep", "forecast_seconds", "assignment")  # the home knows them, and they may name a person
OF_THE_NETWORK = ("foreign",)  # tests/unit/training/test_graph_model.py


@pytest.fixture
def here(tmp_path):
    return RunStore(tmp_path / "here")


@pytest.fixture
def elsewhere(tmp_path):
    return RunStore(tmp_path / "elsewhere")


def carry(run, store, data):
    return run_import.import_file(store, "run.zip", build_archive(run), data, visitor="ddddeeeeffff").run


def read_with(run, **facts):
    """Reads a download whose run.json says something else. `...` leaves a fact out."""
    files = read_zip(build_archive(run))
    known = {**json.loads(files["run.json"]), **facts}
    files["run.json"] = json.dumps({name: value for name, value in known.items() if value is not ...}).encode()
    return read_description(files)


def test_every_fact_of_a_run_travels_or_stays(here, elsewhere, tiny_mnist):
    assert {*KNOWN, *OF_THE_NETWORK} == {field.name for field in fields(RunFacts)}
    config = RECIPES["fast"].config
    run = made_runs.make(here, config, **KNOWN)
    here.update(run.id, note="A note.", starred=True, baseline=True)
    saved = json.loads(carry(here.get(run.id), elsewhere, tiny_mnist).facts_path.read_text())
    expected = {**KNOWN, **{name: value for name, value in asdict(RunFacts()).items() if name in STAYS}}
    expected["starter"] = "ddddeeeeffff"
    assert {name: saved[name] for name in KNOWN} == expected
    assert saved["note"] == "A note."
    assert not saved.get("starred")
    assert not saved.get("baseline")


def test_no_file_of_a_download_names_a_visitor_or_an_assignment(here):
    archive = zipfile.ZipFile(io.BytesIO(build_archive(made_runs.make(here, **KNOWN))))
    content = b"".join(archive.read(name) for name in archive.namelist())
    assert not [name for name in STAYS if str(KNOWN[name]).encode() in content]


@pytest.mark.parametrize("kind", PREDICTIONS)
def test_a_prediction_travels_whole(kind, here, elsewhere, tiny_mnist):
    prediction = PREDICTIONS[kind]
    run = carry(made_runs.make(here, prediction=prediction.to_facts()), elsewhere, tiny_mnist)
    assert run.prediction == prediction
    assert not elsewhere.damaged()
    again = carry(run, RunStore(elsewhere.home / "third"), tiny_mnist)
    assert again.prediction == prediction


def test_the_folder_keeps_only_what_a_prediction_is(here, elsewhere, tiny_mnist, monkeypatch):
    run = made_runs.make(here)
    strange = {**NUMBER_FACTS, "question": "?\0?\u202e" * 200, "path": "/etc/passwd", "x": ["y"] * 1000}
    described = read_with(run, prediction=strange)
    assert len(described.prediction.question) == predictions.MAX_QUESTION
    monkeypatch.setattr(run_import, "read_description", lambda _: described)
    saved = json.loads(carry(run, elsewhere, tiny_mnist).facts_path.read_text())["prediction"]
    assert set(saved) == set(NUMBER_FACTS)
    assert not {"\0", "\u202e"} & set(saved["question"])
    described = read_with(run, prediction={"predict": TEXT, "given": "x" * 100_000})
    assert described.prediction.given == "x" * predictions.MAX_TEXT


@pytest.mark.parametrize("facts", [..., None])
def test_downloads_without_a_prediction_stay_readable(facts, here):
    run = made_runs.make(here)
    assert read_with(run, prediction=facts) == read_with(run)
    assert read_with(run).prediction is None


@pytest.mark.parametrize(
    "facts",
    [
        [],
        "97.5",
        7,
        True,
        {},
        {"given": "97.5"},
        {**NUMBER_FACTS, "given": "101"},
        {**NUMBER_FACTS, "given": None},
        {**NUMBER_FACTS, "given": ["97.5"]},
        {**NUMBER_FACTS, "given": 10**400},
        {**NUMBER_FACTS, "given": "nan"},
        {**NUMBER_FACTS, "question": {"a": 1}},
        {**NUMBER_FACTS, "within": "0"},
        {**NUMBER_FACTS, "predict": ["number"]},
        {**NUMBER_FACTS, "predict": "<script>"},
        {**PREDICTIONS[CHOICE].to_facts(), "given": "another"},
        {**PREDICTIONS[CHOICE].to_facts(), "choices": "one\n" * 10_000},
        {**PREDICTIONS[SETTING].to_facts(), "versus": "__class__:1:2"},
        {**PREDICTIONS[SETTING].to_facts(), "versus": "network:" + "dense8-" * 5000 + ":dense8"},
        {**PREDICTIONS[TEXT].to_facts(), "given": " \n"},
    ],
)
def test_a_prediction_that_nobody_can_make_is_refused(facts, here):
    with pytest.raises(RunError, match=r"its run\.json holds a prediction that nobody can make"):
        read_with(made_runs.make(here), prediction=facts)


def test_a_download_cannot_join_a_class_board(here):
    described = read_with(made_runs.make(here), assignment="1a2b3c4d", sweep="mine", starter="aaaabbbbcccc")
    assert not {"assignment", "sweep", "starter"} & set(asdict(described))

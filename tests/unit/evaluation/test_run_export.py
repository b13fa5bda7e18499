"""A run as files to download."""

import csv
import io
import json
import shlex
import zipfile
from importlib.metadata import PackageNotFoundError

import numpy as np
import pytest

from core import program
from core.__main__ import _parser
from core.config.run_config import RunConfig
from core.data.class_names import KNOWN
from core.evaluation import evaluations, run_export, seal
from core.runs.events import EpochDone, RateChanged, RunEnded, Started
from core.runs.store import RunStore
from core.runs.timeline import EventFile
from core.training import models
from tests.known_run import Oracle, known_run


@pytest.fixture
def run(tmp_path):
    run = RunStore(tmp_path).create(RunConfig(units=32, wrong_labels=0.2, network=""), name="Mine")
    events = EventFile(run.events_path)
    events.append(Started(1.0, "CPU", 25_450, 54_000, 6_000, 1688, 2, 0, "MNIST"))
    for epoch in (1, 2):
        events.append(EpochDone(1688 * epoch, epoch, float(epoch), float("nan"), 0.5, 0.001, 0.75, 0.9))
    events.append(RunEnded("finished", "", 9.0, 2, 2.0, validation_accuracy=0.9, validation_loss=0.75))
    events.close()
    return run


def opened(run):
    archive = zipfile.ZipFile(io.BytesIO(run_export.build_archive(run)))
    assert archive.testzip() is None
    return archive, {name.partition("/")[2] for name in archive.namelist()}


def test_a_run_without_weights_has_everything_else(run):
    archive, names = opened(run)
    assert names == {"README.md", "train.py", "notebook.ipynb", "run.json", "history.csv"}
    facts = json.loads(archive.read(f"{run_export.file_name(run)}/run.json"), parse_constant=pytest.fail)
    assert RunConfig.from_dict(facts["knobs"]) == run.config
    assert {"keras", "tensorflow", "numpy"} <= set(facts["packed_with"])
    assert facts["ended"]["validation_accuracy"] == 0.9


def test_a_run_is_packed_where_jax_is_all_there_is(run, monkeypatch):
    def version(name):
        if name == "tensorflow":
            raise PackageNotFoundError(name)
        return "1.2"

    monkeypatch.setattr(run_export, "version", version)
    archive, _ = opened(run)
    facts = json.loads(archive.read(f"{run_export.file_name(run)}/run.json"))
    assert set(facts["packed_with"]) == {"keras", "jax", "numpy"}
    assert "Exported with keras 1.2, jax 1.2, numpy 1.2." in run_export.model_card(run)


def test_the_history_has_a_line_an_epoch_and_leaves_out_what_is_not_known(run):
    rows = list(csv.DictReader(run_export.history(run).splitlines()))
    assert [row["epoch"] for row in rows] == ["1", "2"]
    assert rows[0] == {
        "epoch": "1",
        "seconds": "1.0",
        "loss": "nan",
        "accuracy": "0.5",
        "learning_rate": "0.001",
        "validation_loss": "0.75",
        "validation_accuracy": "0.9",
    }


def test_the_card_says_what_was_not_read_and_how_to_train_it_again(run):
    card = run_export.model_card(run)
    assert card.startswith("# Mine\n")
    assert "| validation | 90.00% | 0.7500 |" in card
    assert "The test set was not read." in card
    assert "load_model" not in card
    assert "/train?units=32&wrong_labels=0.2" in card


def test_what_was_done_by_hand_is_in_all_that_is_downloaded(run):
    assert "While it trained" not in run_export.model_card(run)
    events = EventFile(run.events_path)
    events.append(RateChanged(1688, 2, 1.0, 0.01))
    events.close()
    archive, _ = opened(run)
    read = {name: archive.read(f"{run_export.file_name(run)}/{name}").decode() for name in ("README.md", "train.py")}
    assert "While it trained, the learning rate was set to 0.01 in epoch 2. Neither" in read["README.md"]
    assert (
        "Not in this program: while the run trained, the learning rate was set to 0.01 in epoch 2." in read["train.py"]
    )
    assert run_export.facts(run)["rates_set_by_hand"][0]["learning_rate"] == 0.01


def test_the_card_knows_that_the_test_set_was_opened_and_what_was_found(tmp_path, tiny_mnist):
    run = known_run(RunStore(tmp_path), tiny_mnist)
    assert "The test set was not read." in run_export.model_card(run)
    seal.open_test_set(run)
    assert "The test set was opened on" in run_export.model_card(run)
    assert "was not read" not in run_export.model_card(run)
    assert "| test |" not in run_export.model_card(run)  # nobody has asked the network yet
    evaluations.predict_split(run, "test", tiny_mnist, lambda: Oracle(tiny_mnist.test.labels, 8))
    assert "| test | 87.50% |" in run_export.model_card(run)


def test_the_program_does_not_save_over_the_network_it_lies_beside(run):
    archive, _ = opened(run)
    program, card = (archive.read(f"{run_export.file_name(run)}/{name}").decode() for name in ("train.py", "README.md"))
    assert "model.keras" not in program
    assert 'model.save("model_trained_again.keras")' in program
    assert "`model_trained_again.keras`" in card


def test_its_command_line_gives_the_same_knobs(run):
    words = shlex.split(run_export.command(run))
    assert words[:4] == ["python", "-m", "core", "train"]
    chosen = _parser("python -m core").parse_args(words[3:])
    assert (chosen.units, chosen.wrong_labels) == ("32", "0.2")


def test_where_digit_lab_is_installed_the_card_names_its_command(run, monkeypatch):
    monkeypatch.setattr(program, "version", lambda name: "1.0")
    assert "    digit-lab train --" in run_export.model_card(run)


def test_the_network_answers_as_before(tmp_path):
    shipped = next(run for run in RunStore(tmp_path).runs() if run.shipped)
    archive, names = opened(shipped)
    assert "model.keras" in names
    archive.extract(f"{run_export.file_name(shipped)}/model.keras", tmp_path)
    images = np.random.default_rng(0).integers(0, 256, (5, 28, 28)).astype(np.uint8)
    taken = models.load(tmp_path / run_export.file_name(shipped) / "model.keras")
    kept = models.load(shipped.model_path)
    assert np.array_equal(taken.predict(images, verbose=0), kept.predict(images, verbose=0))


@pytest.mark.parametrize(
    ("names", "loads", "card"),
    [
        (KNOWN[0].names, "keras.datasets.fashion_mnist.load_data()", "- fashion_mnist"),
        (tuple("abcdefghij"), "load_data()  # The run used other images", "a, b, c, d, e, f, g, h, i, j apart"),
    ],
)
def test_a_network_of_other_classes_says_what_it_was_trained_on(run, names, loads, card):
    store = RunStore(run.folder.parent.parent)
    store.write(run.id, data={"names": list(names), "fingerprint": ""})
    archive, _ = opened(store.get(run.id))
    text = {name.partition("/")[2]: archive.read(name).decode() for name in archive.namelist()}
    assert loads in text["train.py"]
    assert loads in text["notebook.ipynb"]
    compile(text["train.py"], "train.py", "exec")
    json.loads(text["notebook.ipynb"])
    assert card in text["README.md"]
    assert "handwritten" not in text["README.md"] + text["train.py"]
    assert "- mnist" not in text["README.md"]

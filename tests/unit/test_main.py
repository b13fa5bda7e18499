"""The command line: options, JSON, sentences for errors, and weights after Ctrl-C."""

import io
import json
import os
import shutil
import signal
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from core.__main__ import main
from core.classroom import teacher
from core.config.recipes import RECIPES
from core.config.run_config import KNOBS, RunConfig
from core.evaluation.run_export import build_archive
from core.jobs import foreground
from core.runs.events import RunEnded
from core.runs.store import RunStore
from tests.conftest import ROOT
from tests.small_run import wait_until

PROMISED = {
    "run", "recipe", "outcome", "test_loss", "test_accuracy", "validation_accuracy", "train_accuracy", "fit_seconds",
    "images_per_second", "device", "model", "epochs", "best_epoch", "train_loss", "validation_loss",
}  # fmt: skip
FEW = ("--train-images", "300", "--units", "8", "--epochs", "2")


@pytest.fixture
def home(tmp_path, monkeypatch, embedded):
    """A home of its own, and the embedded images as its data."""
    from core.data import mnist

    monkeypatch.setenv("DIGIT_LAB_HOME", str(tmp_path))
    monkeypatch.setattr(mnist, "load", lambda: embedded)
    return tmp_path


def last_json(capsys) -> dict:
    return json.loads(capsys.readouterr().out.splitlines()[-1])


def test_recipes_are_listed_one_a_line_name_first(capsys):
    assert main(["recipes"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == list(RECIPES)


def test_json_has_what_was_promised_and_the_run_is_kept(home, capsys):
    assert main(["train", "dli", *FEW, "--json"]) == 0
    summary = last_json(capsys)
    assert set(summary) == PROMISED
    assert (summary["outcome"], summary["recipe"]) == ("finished", "dli")
    run = RunStore(home).get(summary["run"])
    assert run.state == "finished"
    assert summary["model"] == str(run.model_path)
    assert summary["test_accuracy"] == summary["validation_accuracy"]  # this recipe validates on the test set
    assert run.recipe == ""  # its knobs were changed: on the list it is no longer that recipe


def test_the_test_set_stays_sealed_while_validating_on_held_out_images(home, capsys):
    assert main(["train", *FEW, "--json"]) == 0
    summary = last_json(capsys)
    assert summary["test_accuracy"] is None
    assert summary["test_loss"] is None
    assert summary["validation_accuracy"] is not None


def test_without_validation_the_test_set_is_read_once_at_the_end(home, capsys, embedded):
    from core.training.predict import Predictor

    assert main(["train", "quickstart", *FEW, "--json"]) == 0
    summary = last_json(capsys)
    assert summary["validation_accuracy"] is None
    predicted = Predictor(summary["model"]).probabilities(embedded.test.images).argmax(1)
    assert summary["test_accuracy"] == pytest.approx(float(np.mean(predicted == embedded.test.labels)), abs=1e-6)


def test_help_says_of_every_knob_what_it_takes_and_its_default(capsys):
    with pytest.raises(SystemExit):
        main(["train", "--help"])
    summary = " ".join(capsys.readouterr().out.split())
    assert "(relu, elu, gelu, tanh, sigmoid, linear; default: relu)" in summary
    assert "(1 to 4096; default: 128)" in summary
    assert "(0 to 2147483647; default: 1)" in summary
    for name, knob in KNOBS.items():
        assert f"({knob.allowed or 'layers as text'}; default: " in summary
        assert summary.count(f"--{name.replace('_', '-')} VALUE") == 2  # in the usage, and where it is explained


def test_an_option_may_be_written_as_it_stands_in_a_link(capsys):
    assert main(["train", "--batch_size", "many"]) == 2
    assert "batch_size must be a whole number" in capsys.readouterr().err


def test_without_data_or_a_home_no_run_is_made(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("DIGIT_LAB_HOME", str(tmp_path))
    monkeypatch.setenv("MNIST_PATH", str(tmp_path / "nothing.npz"))
    assert main(["train", *FEW]) == 2
    assert "MNIST_PATH cannot be used" in capsys.readouterr().err
    assert [run for run in RunStore(tmp_path).runs() if not run.shipped] == []
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("DIGIT_LAB_HOME", str(tmp_path / "file" / "home"))
    assert main(["train", *FEW]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("Error: The folder for data and runs cannot be used")
    assert str(tmp_path / "file" / "home") in line


@pytest.mark.parametrize(
    ("epochs", "printed"), [(0, "after 0 epochs ("), (1, "after 1 epoch ("), (2, "after 2 epochs (")]
)
def test_a_single_epoch_is_reported_as_one(tmp_path, epochs, printed):
    run = RunStore(tmp_path).create(RunConfig())
    assert printed in foreground.summary(run, RunEnded("finished", "", 1.0, epochs))


@pytest.mark.parametrize("name", KNOBS)
def test_every_knob_is_an_option(name, capsys):
    assert main(["train", f"--{name.replace('_', '-')}", "no such value"]) == 2
    assert ("layer" if name == "network" else name) in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [["train", "nope"], ["train", "--units", "0"], ["train", "--bogus"], [], ["fly"], ["train", "--network", "pool99"],
     ["train", "--network", "dense10-conv8"], ["train", "--device", "gpu"]],
    ids=" ".join,
)  # fmt: skip
def test_an_error_is_one_sentence_and_exit_code_2(arguments, home, capsys):
    from core.devices.computing import device_kind

    if "gpu" in arguments and device_kind("gpu") == "gpu":
        pytest.skip("this machine has a GPU")
    assert main(arguments) == 2
    (line,) = [line for line in capsys.readouterr().err.splitlines() if line.startswith("Error")]
    assert "Traceback" not in line
    assert len(line) > 20


def test_a_run_that_failed_is_reported_as_json_too(home, capsys):
    assert main(["train", *FEW, "--optimizer", "sgd", "--learning-rate", "10", "--activation", "linear",
                 "--hidden-layers", "4", "--json"]) == 2  # fmt: skip
    printed = capsys.readouterr()
    summary = json.loads(printed.out, parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))
    assert set(summary) == PROMISED
    assert (summary["outcome"], summary["model"]) == ("failed", None)
    assert RunStore(home).get(summary["run"]).state == "failed"
    assert printed.err.splitlines()[-1].startswith("Error: The loss is no longer a number")


def test_ctrl_c_before_training_makes_no_run(home, capsys, monkeypatch):
    # TensorFlow takes seconds to import: a traceback came, and a run that looked interrupted stayed.
    from core.jobs import worker

    def interrupted(device):
        raise KeyboardInterrupt

    monkeypatch.setattr(worker, "prepare_keras", interrupted)
    assert main(["train", *FEW]) == 130
    assert "No run was created" in capsys.readouterr().err
    assert [run for run in RunStore(home).runs() if not run.shipped] == []


def test_a_device_that_is_not_there_makes_no_run(home):
    from core.devices.computing import device_kind

    if device_kind("gpu") == "gpu":
        pytest.skip("this machine has a GPU")
    assert main(["train", *FEW, "--device", "gpu"]) == 2
    assert [run for run in RunStore(home).runs() if not run.shipped] == []


def test_a_wrong_setting_of_the_environment_makes_no_run(home, monkeypatch, capsys):
    # DIGIT_LAB_KEEP_EPOCHS=abc trained with 50, without a word.
    monkeypatch.setenv("DIGIT_LAB_KEEP_EPOCHS", "abc")
    assert main(["train", *FEW]) == 2
    assert "DIGIT_LAB_KEEP_EPOCHS must be a whole number from 2 to 10,000" in capsys.readouterr().err
    assert [run for run in RunStore(home).runs() if not run.shipped] == []


def test_a_name_that_is_too_long_is_refused(home, capsys):
    assert main(["train", *FEW, "--name", "n" * 121]) == 2
    assert "The name of a run may have 120 characters" in capsys.readouterr().err
    assert [run for run in RunStore(home).runs() if not run.shipped] == []


def test_all_runs_are_listed_as_a_table_and_as_json(home, capsys):
    assert main(["train", "quickstart", *FEW, "--name", "mine", "--json"]) == 0
    trained = last_json(capsys)
    RunStore(home).create(RunConfig(seed=7), name="new", queued=True)
    assert main(["runs", "--json"]) == 0
    waiting, run, shipped = last_json(capsys)
    assert set(trained) - set(run) == {
        "outcome", "best_epoch", "train_loss", "validation_loss", "test_loss", "images_per_second"
    }  # fmt: skip
    same = set(trained) & set(run) - {"recipe"}
    assert {name: run[name] for name in same} == {name: trained[name] for name in same}
    assert (run["name"], run["state"], run["test_sealed"], run["knobs"]["units"]) == ("mine", "finished", False, 8)
    assert (waiting["name"], waiting["state"], waiting["knobs"]["seed"]) == ("new", "waiting", 7)
    assert (waiting["train_accuracy"], waiting["model"]) == (None, None)
    assert shipped["run"] == "shipped"
    assert main(["runs"]) == 0
    head, *lines = capsys.readouterr().out.splitlines()
    assert head.split() == ["RUN", "STATE", "TRAINING", "VALIDATION", "TEST", "NAME"]
    assert lines[1].split() == [run["run"], "finished", f"{run['train_accuracy']:.2%}", "–",
                                f"{run['test_accuracy']:.2%}", "mine"]  # fmt: skip


def test_the_list_names_a_sealed_test_set_and_a_damaged_run(home, capsys):
    assert main(["train", *FEW, "--json"]) == 0
    sealed = last_json(capsys)["run"]
    damaged = RunStore(home).create(RunConfig())
    damaged.facts_path.write_text("{")
    assert main(["runs"]) == 0
    printed = capsys.readouterr()
    line = next(line for line in printed.out.splitlines() if line.startswith(sealed))
    assert line.split()[4] == "sealed"
    assert f"Warning: The run {damaged.id} is damaged" in printed.err


def test_the_list_makes_a_run_of_an_unpacked_download_and_names_a_hostile_one(home, capsys):
    # `runs` called it damaged, and `export` did not find it, until somebody opened Compare.
    assert main(["train", *FEW, "--json"]) == 0
    trained = last_json(capsys)["run"]
    store = RunStore(home)
    archive = build_archive(store.get(trained))
    store.delete(trained)
    shutil.rmtree(store.trash)
    zipfile.ZipFile(io.BytesIO(archive)).extractall(store.folder)
    assert main(["runs"]) == 0
    printed = capsys.readouterr()
    assert trained in printed.out
    assert f"{trained} was unpacked in the folder of runs." in printed.err
    assert "Warning" not in printed.err
    folder = store.folder / "digit-lab-hostile"
    folder.mkdir()
    (folder / "run.json").write_text('{"knobs": 5}')
    assert main(["runs"]) == 0
    printed = capsys.readouterr()
    assert trained in printed.out
    assert "Warning: a download that was unpacked in the folder of runs is not used. This file is no run" in printed.err


def test_a_reader_that_has_enough_causes_no_traceback(tmp_path):
    # `python -m core recipes | head -1` may end in a traceback.
    command = f"{sys.executable} -m core runs --json; echo $? >&2"
    reader, writer = os.pipe()
    os.close(reader)
    environment = {**os.environ, "DIGIT_LAB_HOME": str(tmp_path)}
    done = subprocess.run(command, shell=True, cwd=ROOT, env=environment, stdout=writer, stderr=subprocess.PIPE)
    os.close(writer)
    assert done.stderr.decode().split() == ["141"]  # as of other programs


@pytest.mark.slow
def test_ctrl_c_stops_and_keeps_the_weights(tmp_path):
    environment = {key: value for key, value in os.environ.items() if key != "MNIST_PATH"}
    environment |= {"DIGIT_LAB_HOME": str(tmp_path), "KERAS_HOME": str(tmp_path)}
    process = subprocess.Popen(
        [sys.executable, "-m", "core", "train", "--epochs", "500", "--json"],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    store = RunStore(tmp_path)
    wait_until(lambda: any(run.epochs for run in store.runs() if not run.shipped))
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=30)
    summary = json.loads(output.splitlines()[-1])
    assert process.returncode == 130
    assert summary["outcome"] == "stopped"
    assert Path(summary["model"]).exists()
    assert "Traceback" not in errors
    assert "Epoch 1/500" in errors


def test_a_new_teachers_key_is_printed_and_replaces_the_old_one(home, capsys):
    old = teacher.first_key(home)
    assert main(["teacher-key"]) == 0
    new = capsys.readouterr().out.strip()
    assert new != old
    teacher.unlock(home, "aaaabbbbcccc", new)
    assert teacher.is_unlocked(home, "aaaabbbbcccc")

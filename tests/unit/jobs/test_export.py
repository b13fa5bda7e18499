"""Exports in a process of their own, and from the command line."""

import os
import time

import pytest

from core.__main__ import main
from core.config.run_config import RunConfig
from core.evaluation import export_formats
from core.evaluation.export_formats import FORMATS
from core.jobs import export as export_module
from core.jobs.export import ExportTask
from core.runs.store import RunStore
from tests.small_run import wait_until
from tests.trained_run import trained_run


@pytest.fixture
def store(tmp_path, monkeypatch, embedded):
    monkeypatch.setenv("DIGIT_LAB_HOME", str(tmp_path))
    monkeypatch.setattr("core.data.mnist.load", lambda: embedded)
    return RunStore(tmp_path)


@pytest.fixture
def run(store, embedded):
    return trained_run(store, RunConfig(units=8), embedded)


@pytest.fixture
def unchanged_environment(monkeypatch):
    monkeypatch.setattr(os, "environ", {**os.environ})


def test_the_command_line_writes_a_file_and_its_card(run, tmp_path, capsys, unchanged_environment):
    path = tmp_path / "new" / "mine.onnx"
    assert main(["export", run.id, "--format", "onnx", "--output", str(path)]) == 0
    assert path.exists()
    assert "as ONNX" in (tmp_path / "new" / "mine.onnx.md").read_text()
    told = capsys.readouterr()
    assert told.out.startswith(f"{path}: ")
    assert "On 500 test images, a probability differs from Keras'" in told.out
    assert "Comparing it with Keras on 500 test images" in told.err


def test_several_formats_go_into_a_folder(run, tmp_path, unchanged_environment):
    folder = tmp_path / "out"
    assert main(["export", run.id, "--format", "notebook", "everything", "--output", str(folder)]) == 0
    assert {path.name for path in folder.iterdir()} == {f"digit-lab-{run.id}.ipynb", f"digit-lab-{run.id}.zip"}


def test_a_new_folder_is_named_by_its_slash(run, tmp_path, unchanged_environment):
    assert main(["export", run.id, "--format", "notebook", "--output", f"{tmp_path}/new/"]) == 0
    assert (tmp_path / "new" / f"digit-lab-{run.id}.ipynb").exists()


def test_all_leaves_out_what_is_not_installed(run, tmp_path, capsys, monkeypatch, unchanged_environment):
    absent = ("tensorflow", "tensorboardX", "onnx")
    monkeypatch.setattr(export_formats, "find_spec", lambda name: None if name in absent else name)
    assert main(["export", run.id, "--format", "all", "--output", str(tmp_path / "out")]) == 0
    assert {path.suffix for path in (tmp_path / "out").iterdir()} == {".keras", ".md", ".ipynb", ".zip"}
    assert capsys.readouterr().err.count("not installed here") == 5


def test_mistakes_are_sentences(run, tmp_path, capsys, monkeypatch, unchanged_environment):
    assert main(["export", "nope", "--format", "onnx"]) == 2
    assert main(["export", run.id, "--format", "nonsense"]) == 2
    (tmp_path / "file").write_text("no folder")
    assert main(["export", run.id, "--format", "onnx", "--output", str(tmp_path / "file" / "mine.onnx")]) == 2
    monkeypatch.setattr(export_formats, "find_spec", lambda name: None)
    assert main(["export", run.id, "--format", "tflite", "--output", str(tmp_path)]) == 2
    told = capsys.readouterr().err
    assert "There is no run 'nope'" in told
    assert "choose from 'keras'" in told
    assert f"The folder {tmp_path / 'file'} cannot be made: " in told
    assert "Choose another place with --output." in told
    assert "can only be written with TensorFlow" in told


@pytest.mark.parametrize(
    ("formats", "output", "said"),
    [
        ("onnx", "mine.keras", "the format onnx has a name that ends with .onnx"),
        ("tflite-int8", "mine.onnx", "the format tflite-int8 has a name that ends with .tflite"),
        ("notebook everything", "mine.onnx", "Several formats need a folder"),
        ("notebook", f"{'n' * 300}.ipynb", "cannot be written: File name too long. Choose another place"),
        ("mlflow onnx", "", "mlflow writes no files"),
    ],
)
def test_a_place_that_does_not_fit_is_refused_and_nothing_is_written(
    run, tmp_path, capsys, unchanged_environment, formats, output, said
):
    folder = tmp_path / "out"
    assert main(["export", run.id, "--format", *formats.split(), "--output", str(folder / output)]) == 2
    assert said in capsys.readouterr().err
    assert not folder.exists() or not list(folder.iterdir())


@pytest.mark.parametrize("name", ["mine.tflite", "mine", "mine.v2", "MINE.TFLITE"])
def test_a_name_with_the_ending_of_the_format_or_none_is_taken(run, tmp_path, name):
    export_module._check_ending(tmp_path / name, [FORMATS["tflite-int8"]])


@pytest.mark.slow
def test_a_process_exports_and_everybody_finds_the_file(store, run):
    task = ExportTask(run, FORMATS["tensorboard"], store)
    orphan = store.home / "exports" / "250101-000000-dead"
    orphan.mkdir(parents=True)
    assert task.result() is None
    task.start()
    wait_until(lambda: not task.progress().running)
    assert task.progress().error == ""
    written = ExportTask(run, FORMATS["tensorboard"], store).result()
    assert written.path.read_bytes().startswith(b"PK")
    assert written.card.exists()
    assert not orphan.exists()
    os.utime(run.model_path, (time.time() + 9, time.time() + 9))  # the run trained further epochs
    assert task.result() is None


@pytest.mark.slow
def test_a_process_that_fails_leaves_the_sentence(store, run):
    run.model_path.write_bytes(b"damaged")
    task = ExportTask(run, FORMATS["keras"], store)
    task.start()
    wait_until(lambda: not task.progress().running)
    assert "damaged" in task.progress().error
    assert task.result() is None

"""A run in TensorBoard: curves, histograms and graph are there, read by TensorBoard itself."""

import io
import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
import zipfile
from pathlib import Path

import pytest

from core.config.run_config import RunConfig
from core.errors import RunError
from core.evaluation.tensorboard_export import event_files
from core.runs.curves import Curves
from core.runs.store import RunStore
from tests.small_run import SMALL, train
from tests.trained_run import trained_run


def unpacked(run, folder: Path) -> Path:
    with zipfile.ZipFile(io.BytesIO(event_files(run, "mine"))) as archive:
        archive.extractall(folder)
    return folder / "mine"


def test_the_files_do_not_name_this_machine(tmp_path, tiny_mnist):
    run = trained_run(RunStore(tmp_path), RunConfig(units=4), tiny_mnist)
    folder = unpacked(run, tmp_path)
    names = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    one = "events.out.tfevents.0000000100.digit-lab"
    assert names == {"README.md", f"train/{one}", f"validation/{one}"}
    assert not any(socket.gethostname().encode() in path.read_bytes() for path in folder.rglob("events.*"))


def test_without_validation_there_is_one_folder(tmp_path, tiny_mnist):
    run = trained_run(RunStore(tmp_path), RunConfig(units=4, validate_on="none"), tiny_mnist)
    assert not (unpacked(run, tmp_path) / "validation").exists()


def test_a_run_without_an_epoch_is_refused(tmp_path):
    with pytest.raises(RunError, match="no curves and no weights"):
        event_files(RunStore(tmp_path).create(RunConfig()), "mine")


@pytest.mark.slow
def test_tensorboard_reads_what_the_run_has(tmp_path, tiny_mnist, monkeypatch):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    from tensorboard.compat.proto.graph_pb2 import GraphDef

    monkeypatch.setattr("core.data.mnist.load", lambda: tiny_mnist)
    run, _ = train(RunStore(tmp_path), SMALL)
    folder = unpacked(run, tmp_path)
    found = {}
    for part in ("train", "validation"):
        found[part] = EventAccumulator(str(folder / part), size_guidance={"scalars": 0, "histograms": 0})
        found[part].Reload()
    curves = Curves(run).refresh()
    for name, what in (("epoch_loss", "loss"), ("epoch_accuracy", "accuracy")):
        for part, prefix in (("train", ""), ("validation", "validation_")):
            read = [(each.step, each.value) for each in found[part].Scalars(name)]
            assert read == [(each.epoch, pytest.approx(getattr(each, prefix + what))) for each in curves.epochs]
    assert [each.step for each in found["train"].Scalars("batch_loss")] == [each.step for each in curves.batches]
    kernel = found["train"].Histograms("digit_lab/dense1/kernel")
    assert [each.step for each in kernel][-3:] == run.checkpoint_epochs == [1, 2, 3]
    assert kernel[0].histogram_value.num == 784 * 16
    graph = GraphDef.FromString(found["train"].Graph().SerializeToString())
    assert [(node.name, list(node.input)) for node in graph.node] == [
        ("image", []), ("scale", ["image"]), ("flatten", ["scale"]), ("dense1", ["flatten"]),
        ("probabilities", ["dense1"]),
    ]  # fmt: skip


@pytest.mark.slow
def test_a_real_tensorboard_shows_it(tmp_path, tiny_mnist):
    folder = unpacked(trained_run(RunStore(tmp_path), RunConfig(units=4), tiny_mnist), tmp_path)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        sys.executable,
        "-m",
        "tensorboard.main",
        "--logdir",
        str(folder),
        "--port",
        str(port),
        "--load_fast=false",
    ]
    with (tmp_path / "log").open("wb") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log, env={**os.environ, "CUDA_VISIBLE_DEVICES": "-1"})
    try:
        tags = _wait_for(f"http://127.0.0.1:{port}/data/plugin/scalars/tags", {"train", "validation"})
        assert {"epoch_loss", "epoch_accuracy"} <= set(tags["validation"])
        assert "digit_lab/dense1/kernel" in _get(f"http://127.0.0.1:{port}/data/plugin/histograms/tags")["train"]
        assert _get(f"http://127.0.0.1:{port}/data/plugin/graphs/info")["train"]["run_graph"]
    finally:
        server.terminate()
        server.wait(20)


def _wait_for(url: str, names: set[str], seconds: float = 90.0) -> dict:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if names <= set(found := _get(url)):
                return found
        except OSError:
            pass
        time.sleep(0.3)
    raise AssertionError(f"TensorBoard did not show {names} in time")


def _get(url: str) -> dict:
    with urllib.request.urlopen(url, timeout=10) as answer:
        return json.loads(answer.read())

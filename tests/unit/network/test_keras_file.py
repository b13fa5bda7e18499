"""A `.keras` file from elsewhere: every size is checked before memory is used, and no other file is opened."""

import io
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest

from core.config.run_config import RunConfig
from core.errors import RunError
from core.network.numpy_network import Reader
from core.runs.run import Run
from core.runs.store import RunStore

SMALL = RunConfig(hidden_layers=0)


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return RunStore(tmp_path / "home").create(SMALL)


def write(run: Run, add, compression: int = zipfile.ZIP_STORED) -> None:
    """A model file whose HDF5 part holds the layer `softmax10`; `add` writes its weights."""
    content = io.BytesIO()
    with h5py.File(content, "w") as file:
        variables = file.create_group("layers/dense/vars")
        variables.attrs["name"] = Reader(SMALL, {}).rows[-1].name
        add(variables)
    with zipfile.ZipFile(run.model_path, "w", compression) as archive:
        archive.writestr("model.weights.h5", content.getvalue())


def sound(variables) -> None:
    variables["0"] = np.zeros((784, 10), np.float32)
    variables["1"] = np.zeros(10, np.float32)


def test_the_weights_of_a_sound_file_are_read(run):
    write(run, sound)
    assert Reader.of(run).probabilities(np.zeros((1, 28, 28), np.uint8)).shape == (1, 10)


def external(variables, path: Path) -> None:
    path.write_bytes(bytes(784 * 10 * 4))
    variables.create_dataset("0", (784, 10), np.float32, external=[(str(path), 0, h5py.h5f.UNLIMITED)])
    variables["1"] = np.zeros(10, np.float32)


def linked(variables, path: Path) -> None:
    with h5py.File(path, "w") as other:
        other["w"] = np.zeros((784, 10), np.float32)
    variables["0"] = h5py.ExternalLink(str(path), "/w")
    variables["1"] = np.zeros(10, np.float32)


def virtual(variables, path: Path) -> None:
    with h5py.File(path, "w") as other:
        other["w"] = np.zeros((784, 10), np.float32)
    layout = h5py.VirtualLayout((784, 10), np.float32)
    layout[:] = h5py.VirtualSource(str(path), "w", (784, 10))
    variables.create_virtual_dataset("0", layout)
    variables["1"] = np.zeros(10, np.float32)


@pytest.mark.parametrize("add", [external, linked, virtual])
def test_weights_in_another_file_are_refused(run, tmp_path, add):
    write(run, lambda variables: add(variables, tmp_path / "private"))
    with pytest.raises(RunError, match="damaged"):
        Reader.of(run)


def huge(variables) -> None:
    """Some kilobytes that become 2 GB."""
    variables.create_dataset("0", (2**29,), np.float32, chunks=(2**22,), compression="gzip", fillvalue=1.0)
    variables["1"] = np.zeros(10, np.float32)


@pytest.mark.parametrize(
    "add", [huge, lambda v: v.create_dataset("0", (784, 10), np.float64), lambda v: v.create_group("0")]
)
def test_weights_of_another_size_or_type_are_refused_unread(run, add):
    write(run, add)
    with pytest.raises(RunError, match="damaged"):
        Reader.of(run)


def test_a_packed_file_that_grows_is_refused_before_it_is_unpacked(run):
    with zipfile.ZipFile(run.model_path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("model.weights.h5", bytes(50_000_000))
    with pytest.raises(RunError, match="damaged"):
        Reader.of(run)

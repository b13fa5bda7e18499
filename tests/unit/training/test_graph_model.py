"""Networks of other layers, read and built again: Keras, NumPy and the rebuilt network give the same answers."""

import io

import keras
import numpy as np
import pytest

from core.errors import RunError
from core.evaluation.export_formats import FORMATS
from core.evaluation.run_export import build_archive
from core.jobs import run_import
from core.jobs.export import export
from core.network.foreign_model import ForeignGraph, read_foreign
from core.network.graph_network import GraphReader, network_of
from core.runs.store import RunStore
from core.training import finetune, finetuned_run, graph_model, rebuild
from core.training.predict import Predictor
from tests.foreign import networks


def opened(content: bytes) -> GraphReader:
    found = read_foreign(content)
    assert isinstance(found, ForeignGraph)
    return found.reader(*((255.0, 0.0) if found.scales_itself else (1.0, 0.0)))


@pytest.mark.slow
@pytest.mark.parametrize("name", networks.NETWORKS)
def test_a_thousand_images_are_answered_as_by_keras(name, tmp_path, embedded):
    model, images = networks.made(name), embedded.train.images[:1000]
    model.save(tmp_path / "theirs.keras")
    expected = networks.answers(model, images)
    reader = opened((tmp_path / "theirs.keras").read_bytes())
    assert np.abs(reader.probabilities(images) - expected).max() < 1e-4
    graph_model.of_reader(reader).save(tmp_path / "rebuilt.keras")
    assert np.abs(Predictor(tmp_path / "rebuilt.keras").probabilities(images) - expected).max() < 1e-4
    again = GraphReader.read(io.BytesIO((tmp_path / "rebuilt.keras").read_bytes()))
    assert np.abs(again.probabilities(images) - expected).max() < 1e-4
    twice = graph_model.of_reader(again)  # as a download that comes back
    assert len(twice.layers) == len(graph_model.of_reader(reader).layers)


def test_a_small_network_is_built_again_with_keras(tmp_path):
    with np.load(networks.ANSWERS) as stored:
        images, expected = stored["images"], stored["residual"]
    reader = opened(networks.file("residual").read_bytes())
    model = graph_model.of_reader(reader)
    assert np.abs(np.asarray(model(images)) - expected).max() < 1e-5
    weights = graph_model.weights_of(model, reader)
    assert all(np.array_equal(weights[path], array) for path, array in reader.weights.items())


@pytest.fixture(scope="module")
def lenet(tmp_path_factory, embedded):
    """Somebody's network that knows some digits: its `.keras` file and the network in Keras."""
    keras.utils.set_random_seed(1)
    model = networks.lenet()
    model.compile("adam", "sparse_categorical_crossentropy")
    model.fit(embedded.train.images[..., None] / np.float32(255), embedded.train.labels, epochs=3, verbose=0)
    path = tmp_path_factory.mktemp("lenet") / "my LeNet.keras"
    model.save(path)
    return path, model


@pytest.mark.slow
def test_it_becomes_a_run_that_is_exported_and_comes_back(lenet, tmp_path, embedded, monkeypatch):
    path, model = lenet
    monkeypatch.setattr(run_import, "_rebuild", rebuild.rebuild)
    store, images = RunStore(tmp_path), embedded.test.images
    run = run_import.import_file(store, path.name, path.read_bytes(), embedded).run
    assert run.foreign
    assert "pixels from 0 to 1" in run.note
    assert sorted(run.folder.glob("*.json")) != []
    assert not (run.folder / rebuild.BLUEPRINT).exists()
    assert not (run.folder / rebuild.WEIGHTS).exists()
    expected = np.asarray(model(images[..., None] / np.float32(255)))
    assert np.abs(network_of(run).probabilities(images) - expected).max() < 1e-4
    for name in ("keras", "tflite", "tflite-int8", "saved-model", "tensorboard"):
        written = export(run, FORMATS[name], tmp_path / f"out{FORMATS[name].suffix}", lambda share, text: None)
        assert written.path.stat().st_size > 1000
    for name in ("onnx", "notebook"):
        with pytest.raises(RunError, match="trained here"):
            export(run, FORMATS[name], tmp_path / "refused", lambda share, text: None)
    again = run_import.import_file(RunStore(tmp_path / "other"), "back.zip", build_archive(run), embedded).run
    assert again.id == run.id
    assert again.foreign
    assert np.abs(network_of(again).probabilities(images) - expected).max() < 1e-4


@pytest.mark.slow
def test_a_copy_is_trained_on_own_digits(lenet, tmp_path, embedded, monkeypatch):
    monkeypatch.setattr(run_import, "_rebuild", rebuild.rebuild)
    store, network = RunStore(tmp_path), lenet[0]
    run = run_import.import_file(store, network.name, network.read_bytes(), embedded).run
    digits = finetune.FinetuneDigits(embedded.train[:10], embedded.train[10:400], embedded.test[:100])
    copied, gain = finetune.train_copy(network_of(run), digits)
    copy = finetuned_run.save_copy(store, run, copied, gain, 10)
    assert copy.foreign
    images = embedded.test.images[:50]
    assert np.abs(network_of(copy).probabilities(images) - np.asarray(copied(images))).max() < 1e-4
    assert not np.allclose(network_of(run).probabilities(images), np.asarray(copied(images)), atol=1e-3)

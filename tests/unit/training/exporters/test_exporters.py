"""Every format: the file that another tool reads gives the answers of Keras, and its card says how close they are."""

import re
import zipfile

import keras
import numpy as np
import pytest

from core.config.run_config import RunConfig
from core.errors import RunError
from core.evaluation import export_card, seal
from core.evaluation.export_formats import FORMATS
from core.network.numpy_network import Reader
from core.runs.store import RunStore
from core.training.exporters import exporter
from core.training.exporters.checked import export_network
from tests.trained_run import trained_run

CONVOLUTION = RunConfig(network="conv4x5-norm-pool3-dropout0.25-dense16-norm", activation="gelu", seed=3)
DENSE = RunConfig(units=16, activation="elu", train_images=700)
NETWORKS = [name for name, form in FORMATS.items() if form.is_network]
SLOW = ("saved-model", "tflite", "tflite-int8")  # TensorFlow converts for a second or two
CLOSE = {"keras": 0.0, "tflite-int8": 0.05}  # the largest difference of a probability; 8-bit numbers are coarse


@pytest.fixture
def made(tmp_path, tiny_mnist):
    """`made(config)`: a run with random weights of that network."""
    return lambda config: trained_run(RunStore(tmp_path), config, tiny_mnist)


def exported(run, name, folder, data):
    path = folder / f"mine{FORMATS[name].suffix}"
    said = []
    check = export_network(run, FORMATS[name], path, data, lambda share, message="": said.append((share, message)))
    assert [share for share, _ in said] == sorted(share for share, _ in said)
    return path, check


@pytest.mark.parametrize("config", [CONVOLUTION, DENSE], ids=["convolution", "dense"])
@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.slow) if name in SLOW else name for name in NETWORKS]
)
def test_a_file_answers_as_keras_does(made, tmp_path, tiny_mnist, name, config):
    run = made(config)
    path, check = exported(run, name, tmp_path, tiny_mnist)
    read = exporter.exporter(name).probabilities(path, tiny_mnist.test.images[:50])
    ours = Reader.of(run).probabilities(tiny_mnist.test.images[:50])  # in NumPy: a second way to the same numbers
    assert read.shape == (50, 10)
    assert read.dtype == np.float32
    np.testing.assert_allclose(read, ours, atol=max(CLOSE.get(name, 0.0), 1e-5))
    assert check.images == len(tiny_mnist.test)
    assert check.difference <= CLOSE.get(name, 2e-6)
    assert path.name in {each.name for each in check.files}


@pytest.mark.slow
def test_the_8_bit_file_is_smaller_and_both_are_measured(made, tmp_path, tiny_mnist):
    run = made(RunConfig(units=64))
    _, check = exported(run, "tflite-int8", tmp_path, tiny_mnist)
    in_keras, floats, small = check.files
    assert (in_keras.name, floats.name, small.name) == ("Keras", "mine.tflite", "mine-int8.tflite")
    assert small.size < floats.size / 3
    assert floats.accuracy == in_keras.accuracy
    assert abs(small.accuracy - in_keras.accuracy) < 0.05
    card = export_card.card(run, FORMATS["tflite-int8"], small.name, check)
    assert re.search(r"\| mine\.tflite \| \d+ kB \| \d+\.\d\d% \|", card)
    assert re.search(r"\| mine-int8\.tflite \| \d+ kB \| \d+\.\d\d% \|", card)


def test_the_accuracy_is_measured_on_validation_images_while_the_test_set_is_sealed(made, tmp_path, tiny_mnist):
    run = made(DENSE)
    assert exported(run, "keras", tmp_path, tiny_mnist)[1].place == "200 validation images"
    assert seal.sealed(run)
    seal.open_test_set(run)
    assert exported(run, "keras", tmp_path, tiny_mnist)[1].place == "200 test images"


def test_no_accuracy_is_given_on_another_data_set(made, tmp_path, tiny_mnist):
    run = made(DENSE)
    other = tiny_mnist._replace(validation=tiny_mnist.validation[:150])
    _, check = exported(run, "keras", tmp_path, other)
    assert check.place == ""
    assert all(each.accuracy is None for each in check.files)
    assert "| Keras | – | – |" in export_card.card(run, FORMATS["keras"], "mine.keras", check)


def test_a_card_says_how_far_the_answers_are_from_keras(made, tmp_path, tiny_mnist):
    run = made(DENSE)
    path, check = exported(run, "onnx", tmp_path, tiny_mnist)
    card = export_card.card(run, FORMATS["onnx"], path.name, check)
    assert card.startswith("# Mine, as ONNX")
    assert f"On 200 test images, a probability differs from Keras' by at most {check.difference:.2g}." in card
    assert "The predicted digit is the same for 200 of 200." in card
    assert 'InferenceSession("mine.onnx")' in card
    assert re.search(r"Written with keras [\d.]+, onnx [\d.]+, onnxruntime [\d.]+\.", card)


@pytest.mark.parametrize("name", [name for name in NETWORKS if name != "saved-model"])
def test_the_lines_of_a_card_compile(made, tmp_path, tiny_mnist, name):
    check = export_card.Check(1, 0.0, 1, "", (export_card.Measured("mine", 5),))
    card = export_card.card(made(DENSE), FORMATS[name], "mine", check)
    compile(card.partition("```python\n")[2].partition("```")[0], name, "exec")


def test_the_last_kept_epoch_is_exported_where_there_is_no_final_network(made, tmp_path, tiny_mnist):
    run = made(DENSE)
    run.model_path.unlink()
    path, _ = exported(run, "keras", tmp_path, tiny_mnist)
    assert keras.models.load_model(path).count_params() == 784 * 16 + 16 + 170
    run.epoch_path(1).unlink()
    with pytest.raises(RunError, match="no network yet"):
        exported(run, "keras", tmp_path, tiny_mnist)


def test_weights_that_are_not_numbers_are_refused(made, tmp_path, tiny_mnist):
    from core.files import write_arrays
    from core.training import models

    run = made(DENSE)
    run.model_path.unlink()
    weights = models.get_weights(models.build_layers(DENSE))
    write_arrays(run.epoch_path(1), {name: array * np.nan for name, array in weights.items()})
    with pytest.raises(RunError, match="not finite"):
        exported(run, "keras", tmp_path, tiny_mnist)


@pytest.mark.slow
def test_the_saved_model_names_no_folder_of_this_machine(made, tmp_path, tiny_mnist):
    path, _ = exported(made(DENSE), "saved-model", tmp_path, tiny_mnist)
    with zipfile.ZipFile(path) as archive:
        assert "saved_model/saved_model.pb" in archive.namelist()
        assert not any(str(tmp_path).encode() in archive.read(name) for name in archive.namelist())


@pytest.mark.parametrize("name", SLOW)
def test_another_backend_of_keras_is_a_sentence(monkeypatch, name):
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    with pytest.raises(RunError, match="can only be written with Keras' TensorFlow backend") as refused:
        exporter.exporter(name)
    assert refused.value.received == "jax"

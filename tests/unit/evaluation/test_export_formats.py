"""What each format needs, and what is said where it is missing."""

import pytest

from core.errors import RunError
from core.evaluation import export_formats
from core.evaluation.export_formats import FORMATS


def without(monkeypatch, *missing):
    monkeypatch.setattr(export_formats, "find_spec", lambda name: None if name in missing else name)


def test_everything_can_be_exported_where_all_packages_are_installed():
    assert {name: form.problem() for name, form in FORMATS.items() if form.problem()} == {}


def test_names_of_files_never_clash():
    assert len({form.suffix for form in FORMATS.values()}) == len(FORMATS)


@pytest.mark.parametrize("name", ["saved-model", "tflite", "tflite-int8"])
def test_without_tensorflow_the_sentence_offers_keras(monkeypatch, name):
    without(monkeypatch, "tensorflow")
    assert "needs" not in FORMATS["onnx"].problem()
    assert FORMATS["keras"].problem() == ""
    with pytest.raises(RunError, match=r"can only be written with TensorFlow.*choose Keras \(\.keras\)"):
        FORMATS[name].check()


def test_a_missing_package_is_named_with_the_command_that_installs_it(monkeypatch):
    without(monkeypatch, "onnxruntime")
    assert "needs onnxruntime, which is not installed here" in FORMATS["onnx"].problem()
    without(monkeypatch, "onnxruntime", "onnx")
    assert "Run `pip install onnx onnxruntime`" in FORMATS["onnx"].problem()

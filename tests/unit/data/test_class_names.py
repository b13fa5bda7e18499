"""The names of the classes come from `labels.txt`, or from a known set."""

import pytest

from core.data import class_names
from core.data.formats import ARRAYS, IDX_NAMES, read
from tests.unit.data.files_of_data import refused, write_idx


def test_labels_txt_names_the_classes(tmp_path, arrays):
    write_idx(tmp_path, arrays, gzipped=True)
    names = [f"kind {at}" for at in range(10)]
    (tmp_path / "labels.txt").write_text("\n".join(names) + "\n\n")
    assert read(tmp_path).names == tuple(names)


_NINE = "\nb\nc\nd\ne\nf\ng\nh\ni\nj"


@pytest.mark.parametrize(
    "text", ["", "a\nb", "a\n" * 10, "x" * 31 + _NINE, "\0" + _NINE, "<b>a" + _NINE, "[a](b)" + _NINE]
)
def test_another_labels_txt_is_refused(tmp_path, arrays, text):
    write_idx(tmp_path, arrays, gzipped=True)
    (tmp_path / "labels.txt").write_text(text)
    refused(tmp_path, "10 lines")


def test_a_known_set_is_recognised_by_its_checksums(tmp_path, arrays, monkeypatch):
    files = {name: tmp_path / f"{IDX_NAMES[name]}.gz" for name in ARRAYS}
    write_idx(tmp_path, arrays, gzipped=True)
    assert class_names.known_set(files, arrays["x_train"]) is None
    sums = {name: class_names._md5(path) for name, path in files.items()}
    monkeypatch.setattr(class_names, "KNOWN", (class_names.KNOWN[0]._replace(md5=sums),))
    assert class_names.known_set(files, arrays["x_train"]).names[9] == "Ankle boot"


def test_the_official_mnist_is_recognised(real_mnist):
    assert class_names.known_set({}, real_mnist.training.images) == class_names.MNIST

"""CSV as Kaggle has it is read; other tables are refused in little memory."""

import gzip

import numpy as np
import pytest

from core.data.formats import read
from core.errors import DataError
from tests.unit.data.files_of_data import has_all_of, peak_memory, refused, same


def rows(images: np.ndarray, labels: np.ndarray | None, header: str = "") -> str:
    """CSV as Kaggle has it."""
    lines = [header] if header else []
    for at, image in enumerate(images):
        values = ([labels[at]] if labels is not None else []) + image.ravel().tolist()
        lines.append(",".join(map(str, values)))
    return "\n".join(lines) + "\n"


HEADER = ",".join(["label", *(f"pixel{at}" for at in range(784))])


@pytest.mark.parametrize("header", ["", HEADER])
@pytest.mark.parametrize("suffix", [".csv", ".csv.gz"])
def test_one_csv_file_is_split(tmp_path, embedded, header, suffix):
    digits = embedded.train[:140]
    text = rows(digits.images, digits.labels, header).encode()
    path = tmp_path / f"train{suffix}"
    path.write_bytes(gzip.compress(text) if suffix.endswith("gz") else text)
    parts = read(path)
    assert (len(parts.training), len(parts.test)) == (120, 20)
    assert has_all_of(parts, digits.images, digits.labels)


def test_a_train_and_a_test_file(tmp_path, arrays):
    (tmp_path / "mnist_train.csv").write_text(rows(arrays["x_train"], arrays["y_train"], HEADER))
    (tmp_path / "mnist_test.csv").write_text(rows(arrays["x_test"], arrays["y_test"]))
    assert same(read(tmp_path), arrays)


def test_kaggles_test_file_has_no_labels_and_the_note_says_so(tmp_path, embedded):
    digits = embedded.train[:140]
    (tmp_path / "train.csv").write_text(rows(digits.images, digits.labels, HEADER))
    (tmp_path / "test.csv").write_text(rows(embedded.test.images[:30], None, HEADER.partition(",")[2]))
    parts = read(tmp_path)
    assert has_all_of(parts, digits.images, digits.labels)
    assert any(note.startswith("test.csv has no labels") for note in parts.notes)


def test_a_test_file_alone_is_refused(tmp_path, arrays):
    (tmp_path / "test.csv").write_text(rows(arrays["x_test"], None))
    with pytest.raises(DataError, match=r"test\.csv has no labels.*train\.csv"):
        read(tmp_path)


def test_labels_in_the_last_column_are_found(tmp_path, embedded):
    digits = embedded.train[:140]
    text = "\n".join(f"{','.join(map(str, image.ravel()))},{label}" for image, label in digits)
    (tmp_path / "digits.csv").write_text(text)
    assert has_all_of(read(tmp_path), digits.images, digits.labels)


def test_windows_line_ends_and_decimal_fractions(tmp_path, embedded):
    digits = embedded.train[:140]
    text = rows(np.round(digits.images / 255, 4), digits.labels, HEADER).replace("\n", "\r\n")
    (tmp_path / "train.csv").write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert has_all_of(read(tmp_path), digits.images, digits.labels)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "no line with numbers"),
        (HEADER, "no line with numbers"),
        ("1,2,3\n", "784 pixels"),
        (f"{HEADER}\n1,{'x,' * 783}x\n", "only numbers"),
        (f"1,{'0,' * 783}0\n1,{'0,' * 900}0\n", "only numbers|different"),
        ("9" * 70_000, "a line is too long"),
    ],
)
def test_other_csv_files_are_refused(tmp_path, text, sentence):
    (tmp_path / "train.csv").write_text(text)
    with pytest.raises(DataError, match=sentence):
        read(tmp_path)


def test_a_line_without_end_needs_little_memory(tmp_path):
    with gzip.open(tmp_path / "train.csv.gz", "wb", 1) as file:
        for _ in range(64):
            file.write(bytes(1 << 20).replace(b"\0", b"1"))
    assert peak_memory(lambda: refused(tmp_path, "a line is too long")) < 40 << 20

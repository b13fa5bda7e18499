"""Damaged, truncated, misshapen or mislabelled data are refused with a sentence that names file and fault."""

import gzip
import struct

import numpy as np
import pytest

from core.data.formats import ARRAYS, IDX_NAMES, read
from core.errors import DataError
from tests.unit.data.files_of_data import idx, same, write_idx, write_npz


def test_an_npz_reads_back(tmp_path, arrays):
    assert same(read(write_npz(tmp_path, arrays)), arrays)


@pytest.mark.parametrize("gzipped", [True, False])
def test_a_folder_of_idx_files_reads_back(tmp_path, arrays, gzipped):
    assert same(read(write_idx(tmp_path, arrays, gzipped=gzipped)), arrays)


def test_names_with_a_dot_are_known_too(tmp_path, arrays):
    folder = write_idx(tmp_path, arrays, gzipped=False)
    for name in IDX_NAMES.values():
        (folder / name).rename(folder / name.replace("-idx", ".idx"))
    assert same(read(folder), arrays)


def test_nothing_there_says_so(tmp_path):
    with pytest.raises(DataError, match=r"There is no MNIST at .*nowhere\. Give a file \(\.npz, \.csv, "):
        read(tmp_path / "nowhere")


@pytest.mark.parametrize("name", ARRAYS)
def test_a_missing_idx_file_is_named(tmp_path, arrays, name):
    folder = write_idx(tmp_path, arrays, gzipped=True)
    (folder / f"{IDX_NAMES[name]}.gz").unlink()
    with pytest.raises(DataError, match=f"{IDX_NAMES[name]} .* is missing"):
        read(folder)


@pytest.mark.parametrize("name", ARRAYS)
def test_a_missing_array_is_named(tmp_path, arrays, name):
    del arrays[name]
    with pytest.raises(DataError, match=f"Missing: {name}"):
        read(write_npz(tmp_path, arrays))


@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.999])
def test_an_npz_cut_short_is_refused(tmp_path, arrays, share):
    path = write_npz(tmp_path, arrays)
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(DataError, match=r"mnist\.npz is damaged"):
        read(path)


@pytest.mark.parametrize("gzipped", [True, False])
@pytest.mark.parametrize("share", [0.0, 0.001, 0.5, 0.999])
def test_an_idx_file_cut_short_is_refused(tmp_path, arrays, gzipped, share):
    folder = write_idx(tmp_path, arrays, gzipped=gzipped)
    path = folder / (IDX_NAMES["x_train"] + (".gz" if gzipped else ""))
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(DataError, match="train-images"):
        read(folder)


def test_one_flipped_byte_in_an_npz_is_noticed(tmp_path, arrays):
    path = write_npz(tmp_path, arrays)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(DataError, match="is damaged"):
        read(path)


def test_bytes_after_the_end_are_noticed(tmp_path, arrays):
    folder = write_idx(tmp_path, arrays, gzipped=False)
    with (folder / IDX_NAMES["y_test"]).open("ab") as file:
        file.write(b"more")
    with pytest.raises(DataError, match=r"announces 20 bytes of data, but it holds 24"):
        read(folder)


def test_a_folder_in_place_of_a_file_is_refused(tmp_path, arrays):
    folder = write_idx(tmp_path, arrays, gzipped=False)
    (folder / IDX_NAMES["y_test"]).unlink()
    (folder / IDX_NAMES["y_test"]).mkdir()
    with pytest.raises(DataError, match="t10k-labels"):
        read(folder)


def wrong(arrays, **changed):
    return {**arrays, **changed}


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda a: {"x_train": a["x_train"][:, :27]}, r"Received: 'uint8 \(40, 27, 28\)'"),
        (lambda a: {"x_train": a["x_train"].reshape(784, 40)}, r"Received: 'uint8 \(784, 40\)'"),
        (lambda a: {"x_train": a["x_train"] * np.float32(3)}, "Received: '0 to 765'"),
        (lambda a: {"x_train": a["x_train"] * np.float32(np.nan)}, "not a number"),
        (lambda a: {"x_train": a["x_train"][:39]}, "one for each of the 39 images"),
        (lambda a: {"y_train": a["y_train"][:39]}, "one for each of the 40 images"),
        (lambda a: {"y_train": a["y_train"] + np.uint8(1)}, "Labels must be between 0 and 9.*Received: '1 to 10'"),
        (lambda a: {"y_test": a["y_test"].astype(np.int64) - 10}, "Received: '-9 to"),
        (lambda a: {"y_test": a["y_test"] + 0.5}, "Labels must be whole numbers"),
        (lambda a: {"y_test": np.eye(10)[a["y_test"]] / 2}, "One-hot labels must have one 1"),
        (lambda a: {"x_test": a["x_test"][:0], "y_test": a["y_test"][:0]}, "at least 10 test images.*Received: 0"),
        (lambda a: {"y_test": np.array(list(a["y_test"]), object)}, "something other than plain arrays"),
    ],
)
def test_what_is_mis_shaped_or_mislabelled_is_refused(tmp_path, arrays, change, sentence):
    path = write_npz(tmp_path, wrong(arrays, **change(arrays)))
    with pytest.raises(DataError, match=sentence) as refusal:
        read(path)
    assert str(path) in str(refusal.value)


@pytest.mark.parametrize("content", [b"not found", b"<!DOCTYPE html>", b"\x93NUMPY", b"PK\x03\x04", b"\x80\x04."])
def test_other_files_under_its_name_are_refused(tmp_path, content):
    (tmp_path / "mnist.npz").write_bytes(content)
    with pytest.raises(DataError, match=r"mnist\.npz is damaged or no MNIST file"):
        read(tmp_path / "mnist.npz")


def test_a_single_array_under_its_name_is_refused(tmp_path):
    with (tmp_path / "mnist.npz").open("wb") as file:
        np.save(file, np.zeros(3))
    with pytest.raises(DataError, match="is damaged or no MNIST file"):
        read(tmp_path / "mnist.npz")


def test_an_idx_header_that_promises_the_moon_is_refused(tmp_path, arrays):
    folder = write_idx(tmp_path, arrays, gzipped=False)
    header = struct.pack(">HBBIII", 0, 8, 3, 2**32 - 1, 2**32 - 1, 28)
    (folder / IDX_NAMES["x_train"]).write_bytes(header + bytes(100))
    with pytest.raises(DataError, match="it holds 100"):
        read(folder)


def test_a_folder_unpacked_from_kaggle_reads_back(tmp_path, arrays):
    for name, array in arrays.items():
        folder = tmp_path / IDX_NAMES[name]
        folder.mkdir()
        (folder / IDX_NAMES[name]).write_bytes(idx(array))
    assert same(read(tmp_path), arrays)


def test_folders_named_like_the_files_do_not_hide_them(tmp_path, arrays):
    for name, array in arrays.items():
        (tmp_path / IDX_NAMES[name]).mkdir()
        (tmp_path / IDX_NAMES[name].replace("-idx", ".idx")).write_bytes(idx(array))
    assert same(read(tmp_path), arrays)


@pytest.mark.parametrize("damaged", IDX_NAMES)
def test_a_sound_complete_set_is_preferred_to_a_damaged_file(tmp_path, arrays, damaged):
    write_idx(tmp_path, arrays, gzipped=True)
    (tmp_path / IDX_NAMES[damaged]).write_bytes(idx(arrays[damaged])[:-9])
    assert same(read(tmp_path), arrays)


def test_files_of_two_sets_are_not_mixed(tmp_path, arrays):
    write_idx(tmp_path, arrays, gzipped=True)
    smaller = {name: array[:15] for name, array in arrays.items()}
    write_idx(tmp_path, smaller, gzipped=False)
    (tmp_path / IDX_NAMES["x_train"]).write_bytes(b"cut short")
    assert same(read(tmp_path), arrays)


def test_where_all_sets_are_damaged_the_first_fault_is_named(tmp_path, arrays):
    write_idx(tmp_path, arrays, gzipped=False)
    (tmp_path / IDX_NAMES["x_train"]).write_bytes(b"\0\0\x08")
    with pytest.raises(DataError, match="train-images-idx3-ubyte is damaged"):
        read(tmp_path)


def test_emnists_names_are_known(tmp_path, arrays):
    for name, array in arrays.items():
        file = f"emnist-digits-{IDX_NAMES[name].replace('t10k', 'test')}.gz"
        (tmp_path / file).write_bytes(gzip.compress(idx(array), 1))
    assert same(read(tmp_path), arrays)

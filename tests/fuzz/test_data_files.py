"""Data files from anywhere: `.npz` archives, IDX files, pickles, CSV files and pictures, packed or not."""

import gzip
import io
import pickle
import zipfile
from pathlib import Path

import numpy as np
from hypothesis import strategies as st
from PIL import Image

from core.data import formats
from tests.fuzz.cases import AMOUNTS, damaged, tries

_LABELS = np.arange(20, dtype=np.uint8) % 10
_ARRAYS = {
    "x_train": np.zeros((20, 28, 28), np.uint8), "y_train": _LABELS,
    "x_test": np.zeros((20, 28, 28), np.uint8), "y_test": _LABELS,
}  # fmt: skip
_HEADER = st.sampled_from(
    [
        "{'descr': '<f4', 'fortran_order': False, 'shape': (20, 28, 28), }",
        "{'descr': '|O', 'fortran_order': False, 'shape': (2,), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999, 28, 28), }",
        "{'descr': '<f4', 'fortran_order': 5, 'shape': 'x', }",
        "{'descr': [('a', '<f4'), ('a', '<f4')], 'fortran_order': False, 'shape': (), }",
        "(" * 200,
        "{'descr': '<f4',",
        "'''",
        "0x",
    ]
)


def npz(packing: int) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", packing) as archive:
        for name, array in _ARRAYS.items():
            file = io.BytesIO()
            np.save(file, array)
            archive.writestr(f"{name}.npy", file.getvalue())
    return content.getvalue()


def strange_npz(headers: list[str]) -> bytes:
    """An archive whose arrays have headers that NumPy never wrote."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, header in zip(_ARRAYS, headers, strict=True):
            text = header.encode().ljust(246) + b"\n"
            archive.writestr(f"{name}.npy", np.lib.format.magic(1, 0) + len(text).to_bytes(2, "little") + text)
    return content.getvalue()


ARCHIVES = damaged(*map(npz, (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2)))


@AMOUNTS
def test_archives(amount, tmp_path: Path):
    path = tmp_path / "mnist.npz"

    def read(content: bytes) -> None:
        path.write_bytes(content)
        formats.read(path)

    tries(read, ARCHIVES | st.lists(_HEADER, min_size=4, max_size=4).map(strange_npz), amount)


@AMOUNTS
def test_idx_files(amount, tmp_path: Path):
    originals = {}
    for name, array in _ARRAYS.items():
        sizes = b"".join(side.to_bytes(4, "big") for side in array.shape)
        originals[name] = bytes([0, 0, 8, array.ndim]) + sizes + array.tobytes()
        (tmp_path / f"{formats.IDX_NAMES[name]}.gz").write_bytes(gzip.compress(originals[name]))
    path = tmp_path / f"{formats.IDX_NAMES['x_train']}.gz"

    def read(content: bytes) -> None:
        path.write_bytes(content)
        formats.read(tmp_path)

    original = originals["x_train"]
    tries(read, damaged(gzip.compress(original), original) | damaged(original).map(gzip.compress), amount)


@AMOUNTS
def test_pickles(amount, tmp_path: Path):
    pairs = [(_ARRAYS["x_train"].reshape(20, 784) / np.float32(255), _LABELS.astype(np.int64))] * 3
    originals = [pickle.dumps(value, protocol) for value in (tuple(pairs), _ARRAYS) for protocol in (0, 2, 4)]
    path, zipped = tmp_path / "mnist.pkl", tmp_path / "mnist.pkl.gz"

    def read(content: bytes) -> None:
        path.write_bytes(content)
        formats.read(path)

    def read_zipped(content: bytes) -> None:
        zipped.write_bytes(content)
        formats.read(zipped)

    for original in originals:
        read(original)
    tries(read, damaged(*originals), amount)
    tries(read_zipped, damaged(*map(gzip.compress, originals)) | damaged(*originals).map(gzip.compress), amount)


@AMOUNTS
def test_tables(amount, tmp_path: Path):
    header = ",".join(["label", *(f"pixel{number}" for number in range(784))])
    rows = [",".join([str(label), *["0"] * 784]) for label in np.tile(_LABELS, 4)]
    plain, named = "\n".join(rows).encode(), "\n".join([header, *rows]).encode()
    path = tmp_path / "mnist_train.csv"
    cells = (b"nan", b"1e999", b"-5", b"\0", b",", b",,,,", b"\r", b'"', b"0x10", b"\xff\xfe", b"9" * 400)

    def read(content: bytes) -> None:
        path.write_bytes(content)
        formats.read(path)

    def with_cells(edits: list[tuple[int, bytes]]) -> bytes:
        content = named
        for place, cell in edits:
            at = place % len(content)
            content = content[:at] + cell + content[at + 1 :]
        return content

    read(named)
    edits = st.lists(st.tuples(st.integers(0, 10**6), st.sampled_from(cells)), min_size=1, max_size=4)
    tries(read, damaged(plain, named) | edits.map(with_cells), amount)


@AMOUNTS
def test_folders_of_pictures(amount, tmp_path: Path):
    picture = io.BytesIO()
    Image.fromarray(np.zeros((28, 28), np.uint8)).save(picture, "PNG")
    for label in range(10):
        (tmp_path / f"{label}").mkdir()
        for number in range(8):
            (tmp_path / f"{label}" / f"{number}.png").write_bytes(picture.getvalue())
    path, names = tmp_path / "3" / "3.png", tmp_path / "labels.txt"
    sound = "\n".join(map(str, range(10))).encode()

    def read(contents: tuple[bytes, bytes]) -> None:
        path.write_bytes(contents[0])
        names.write_bytes(contents[1])
        formats.read(tmp_path)

    read((picture.getvalue(), sound))
    tries(read, st.tuples(damaged(picture.getvalue()), st.just(sound) | damaged(sound)), amount)

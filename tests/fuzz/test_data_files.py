"""Data files from anywhere: `.npz` archives and IDX files, packed or not."""

import gzip
import io
import zipfile
from pathlib import Path

import numpy as np
from hypothesis import strategies as st

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

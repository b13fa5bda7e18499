"""Archives that unpack to more than they may are refused in little memory."""

import gzip
import io
import struct
import zipfile

import numpy as np

from core.data.formats import ARRAYS, IDX_NAMES
from tests.unit.data.files_of_data import peak_memory, refused, write_idx, write_npz


def test_an_npz_that_declares_too_much_is_refused_in_little_memory(tmp_path, arrays):
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "|u1", "fortran_order": False, "shape": (10**7, 28, 28)})
    write_npz(tmp_path, arrays)
    with zipfile.ZipFile(tmp_path / "mnist.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ARRAYS:
            archive.writestr(f"{name}.npy", header.getvalue())
    assert peak_memory(lambda: refused(tmp_path, "too large")) < 20 << 20


def test_an_npz_that_unpacks_to_more_than_it_declares_is_refused_in_little_memory(tmp_path):
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "|u1", "fortran_order": False, "shape": (10, 28, 28)})
    with zipfile.ZipFile(tmp_path / "mnist.npz", "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name in ARRAYS:
            archive.writestr(f"{name}.npy", header.getvalue() + bytes(100 << 20))
    assert peak_memory(lambda: refused(tmp_path, "more than")) < 20 << 20


def test_a_gzip_bomb_under_an_idx_name_is_refused_in_little_memory(tmp_path, arrays, monkeypatch):
    monkeypatch.setattr("core.data.formats.MAX_BYTES", 4 << 20)
    write_idx(tmp_path, arrays, gzipped=True)
    header = struct.pack(">HBBIII", 0, 8, 3, 60_000, 28, 28)
    (tmp_path / f"{IDX_NAMES['x_train']}.gz").write_bytes(gzip.compress(header + bytes(100 << 20), 1))
    assert peak_memory(lambda: refused(tmp_path, "more than")) < 20 << 20

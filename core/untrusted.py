"""Values and arrays that come from elsewhere: from a copied run folder, a damaged file or a forged browser message.

Each function accepts only the expected type, range and size.
"""

import io
import math
import os
import re
import zipfile
from collections.abc import Collection
from pathlib import Path
from typing import IO, Any

import numpy as np

from core.files import open_regular

MAX_ARRAYS = 4000  # in one file
_MAX_HEADER_BYTES = 10_000  # of one array
_ARRAY_KINDS = "biuf"  # truth values, whole numbers and decimal numbers
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]+")
_CONTROL_IN_LINES = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]+")


def number(value: Any, low: float = -math.inf, high: float = math.inf) -> float:
    """`value` as a finite number in [low, high]. Raises `ValueError` for anything else."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ValueError("not a number")
    if not max(low, -1e300) <= value <= min(high, 1e300):  # also false for NaN, and safe for any whole number
        raise ValueError("a number out of range")
    return float(value)


def whole(value: Any, low: int, high: int) -> int:
    """`value` as a whole number in [low, high]. Raises `ValueError` for anything else."""
    if isinstance(value, float) and value == math.floor(number(value)):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise ValueError("not a whole number in the expected range")
    return value


def text(value: Any, longest: int, *, lines: bool = False) -> str:
    """`value` as text of at most `longest` characters, without control characters; `lines`: line ends remain.

    Raises `ValueError` if it is not text.
    """
    if not isinstance(value, str):
        raise ValueError("not text")
    return (_CONTROL_IN_LINES if lines else _CONTROL).sub(" ", value[:longest])


def load_arrays(path: Path, max_bytes: int, only: Collection[str] | None = None) -> dict[str, np.ndarray]:
    """The arrays of an `.npz`, or `only` those. All sizes are checked before an array is read.

    Raises `OSError`, `ValueError`, `zipfile.BadZipFile` or `zlib.error` for a file that is missing, damaged, not
    regular, or larger than `max_bytes` after unpacking.
    """
    with os.fdopen(open_regular(path), "rb") as file:
        if os.fstat(file.fileno()).st_size > max_bytes:
            raise ValueError("the file is too large")
        try:
            return _read_archive(file, max_bytes, only)
        except (RuntimeError, NotImplementedError, EOFError, OverflowError, KeyError) as error:
            raise ValueError(f"the file is damaged: {error}") from error


def load_array(path: Path, max_bytes: int) -> np.ndarray:
    """The array of an `.npy`. Raises `OSError` or `ValueError` as `load_arrays` does."""
    with os.fdopen(open_regular(path), "rb") as file:
        size = os.fstat(file.fileno()).st_size
        if size > max_bytes:
            raise ValueError("the file is too large")
        return _read_array(file, size)


def _read_archive(file: IO[bytes], max_bytes: int, only: Collection[str] | None) -> dict[str, np.ndarray]:
    with zipfile.ZipFile(file) as archive:
        members = archive.infolist()
        names = [member.filename for member in members]
        if len(members) > MAX_ARRAYS or len(set(names)) < len(names):
            raise ValueError("too many arrays, or two of one name")
        if sum(member.file_size for member in members) > max_bytes:
            raise ValueError("the arrays are too large")
        if any(member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for member in members):
            raise ValueError("packed in an unexpected way")
        found = {}
        for member in members:
            name = member.filename.removesuffix(".npy")
            if only is None or name in only:
                with archive.open(member) as stream:
                    found[name] = _read_array(stream, member.file_size)
        return found


def _read_array(stream: IO[bytes], size: int) -> np.ndarray:
    """One array whose header announces exactly the `size` bytes that there are."""
    header = io.BytesIO(stream.read(min(size, _MAX_HEADER_BYTES)))
    try:
        version = np.lib.format.read_magic(header)
        read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, _, dtype = read(header, max_header_size=_MAX_HEADER_BYTES)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError, EOFError, OverflowError) as error:
        raise ValueError(f"no array: {type(error).__name__}") from error
    if dtype.kind not in _ARRAY_KINDS or header.tell() + math.prod(shape) * dtype.itemsize != size:
        raise ValueError("an array of an unexpected type or size")
    stream.seek(0)
    return np.lib.format.read_array(stream, allow_pickle=False, max_header_size=_MAX_HEADER_BYTES)

"""Damaged data files make libraries raise errors of many kinds. A visitor sees one kind."""

import functools
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from core.errors import DataError, DigitLabError

_Result = TypeVar("_Result")
_MAX_FAULT = 300  # characters


def only_data_errors(reader: Callable[[Path], _Result]) -> Callable[[Path], _Result]:
    """`reader`, which reads a file or a folder, with `DataError` for whatever NumPy, zipfile, gzip or lzma raise."""

    @functools.wraps(reader)
    def read(path: Path) -> _Result:
        try:
            return reader(path)
        except DigitLabError:
            raise
        except Exception as error:
            raise damaged(path, _describe(error)) from error

    return read


def damaged(path: Path, fault: str, *received: object) -> DataError:
    """The error for a file that is damaged or something else."""
    return DataError(f"{path} is damaged or no MNIST file: {fault}. Put a sound copy there, or remove it.", *received)


def _describe(error: Exception) -> str:
    """What a library's error means, in words."""
    match error:
        case PermissionError():
            return "this program is not allowed to read it"
        case EOFError():
            return "it is cut short"
        case MemoryError():
            return "its arrays do not fit into memory"
        case _:
            return str(error)[:_MAX_FAULT].rstrip(".") or type(error).__name__

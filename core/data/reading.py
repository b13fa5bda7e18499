"""Damaged data files make libraries raise errors of many kinds. A visitor sees one kind."""

import functools
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from core.errors import DataError, DigitLabError

_Result = TypeVar("_Result")


def only_data_errors(reader: Callable[[Path], _Result]) -> Callable[[Path], _Result]:
    """`reader`, which reads a file or a folder, with `DataError` for whatever NumPy, zipfile, gzip or lzma raise."""

    @functools.wraps(reader)
    def read(path: Path) -> _Result:
        try:
            return reader(path)
        except DigitLabError:
            raise
        except Exception as error:
            raise DataError(
                f"{path} is damaged or no data set: {error or type(error).__name__}"[:500].rstrip(".")
                + ". Put a sound copy there, or remove it."
            ) from error

    return read

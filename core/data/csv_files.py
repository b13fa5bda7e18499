"""MNIST as CSV, as Kaggle has it: a label and 784 pixels in each line, with or without a header line."""

import gzip
import io
import zlib
from collections.abc import Generator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple, cast

import numpy as np

from core.data.conversions import MAX_IMAGES
from core.digits import NUM_CLASSES, SIDE
from core.errors import DataError

PIXELS = SIDE * SIDE
SUFFIXES = (".csv", ".csv.gz")
_BLOCK = 8 << 20  # bytes of text that are read at once
_MAX_LINE = 64 << 10  # bytes; 785 numbers have at most 20,000
_LABEL_COLUMNS = ("label", "labels", "class", "y", "target", "digit")


class Table(NamedTuple):
    """pixels: uint8 or float32 (n, 784). labels: float32 (n,), or None where the file has none."""

    pixels: np.ndarray
    labels: np.ndarray | None


def is_csv(path: Path) -> bool:
    """Whether the name is that of a CSV file."""
    return path.name.lower().endswith(SUFFIXES)


def read_table(path: Path) -> Table:
    """Reads one CSV file in blocks: a large file needs little memory. Raises `DataError` for another content."""
    parts, names = [], None
    rows = 0
    try:
        with closing(_lines(path)) as blocks:
            for block in blocks:
                if names is None and block:
                    names, block = _header(block)
                if block.strip():
                    parts.append(_numbers(path, block))
                    rows += len(parts[-1])
                    if rows > MAX_IMAGES:
                        raise _refused(path, f"it has more than {MAX_IMAGES:,} lines")
                    if parts[-1].shape[1] != parts[0].shape[1]:
                        raise _refused(path, "its lines have different numbers of columns")
    except (OSError, EOFError, zlib.error) as error:
        raise _refused(path, f"{error}".rstrip(".") or "it is cut short") from None
    if not parts:
        raise _refused(path, "it has no line with numbers")
    return _table(path, np.concatenate(parts), names or [])


def _lines(path: Path) -> Generator[bytes, None, None]:
    """Blocks of whole lines. A line that does not end is refused before it fills the memory."""
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as opened:
        file = cast(io.BufferedIOBase, opened)
        rest = b""
        while piece := file.read(_BLOCK):
            rest += piece
            end = rest.rfind(b"\n") + 1
            if len(rest) - end > _MAX_LINE:
                raise _refused(path, "a line is too long")
            yield rest[:end]
            rest = rest[end:]
        yield rest


def _header(block: bytes) -> tuple[list[str], bytes]:
    """The names of the columns, if the first line has such, and the block without that line."""
    first, _, others = block.removeprefix(b"\xef\xbb\xbf").partition(b"\n")
    names = [name.strip().strip('"').lower() for name in first.decode("utf-8", "replace").split(",")]
    try:
        [float(name) for name in names]
    except ValueError:
        return names, others
    return [], block.removeprefix(b"\xef\xbb\xbf")


def _numbers(path: Path, block: bytes) -> np.ndarray:
    """The numbers of a block: uint8 where all of them are whole and fit, else float32 (n, columns)."""
    import pandas  # half a second, and only a new CSV file needs it

    for kind in (np.uint8, np.float32):
        try:
            found = pandas.read_csv(io.BytesIO(block), header=None, dtype=kind, engine="c", na_filter=False)
            return found.to_numpy()
        except (ValueError, OverflowError, pandas.errors.ParserError) as error:
            reason = error
    sentence = str(reason).splitlines()[0][:80].rstrip(".")
    raise _refused(path, f"it must hold only numbers, separated by commas ({sentence})") from None


def _table(path: Path, rows: np.ndarray, names: list[str]) -> Table:
    columns = rows.shape[1]
    if columns == PIXELS:
        return Table(rows, None)
    if columns != PIXELS + 1:
        raise _refused(path, f"it must have a label and {PIXELS} pixels in each line, and not {columns:,} columns")
    place = next((at for at, name in enumerate(names) if name in _LABEL_COLUMNS), None)
    if place is None:
        place = _label_column(rows)
    return Table(np.delete(rows, place, axis=1), rows[:, place].astype(np.float32))


def _label_column(rows: np.ndarray) -> int:
    """0 or -1: without a header the label is in the first or the last column. Pixels in a corner hardly vary."""

    def variety(column: int) -> int:
        found = np.unique(rows[:, column])
        return len(found) if found.max() < NUM_CLASSES and found.min() >= 0 else 0

    return -1 if variety(-1) > variety(0) else 0


def _refused(path: Path, fault: str) -> DataError:
    return DataError(
        f"{path.name} cannot be read as CSV: {fault}. Use a file with a label and {PIXELS} pixels from 0 to 255 in "
        "each line, as Kaggle has it."
    )

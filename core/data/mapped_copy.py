"""An uncompressed copy of the data set in use, in the home: it is memory-mapped, so it opens in a millisecond.

DIGIT_LAB_HOME/data/kept/<source>/   the four arrays, and stamp.json: which files they come from, notes, names, findings
"""

import contextlib
import hashlib
import json
import mmap
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core.data import checksums, class_names, fixes
from core.data.checks import Finding
from core.data.formats import ARRAYS, TrainTest, data_files, gzipped_idx
from core.digits import Digits
from core.errors import DataError
from core.home import home

Inspect = Callable[[Digits], list[Finding]]
_VERSION = 1


@dataclass(frozen=True)
class Loaded:
    """A data set after the chosen fixes. title: of a published set, else empty. key: names its files."""

    parts: TrainTest
    title: str
    key: str
    fixes: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()


def load(name: str, path: Path, reader: Callable[[Path], TrainTest], inspect: Inspect) -> Loaded:
    """What `reader` reads from `path`, by way of the copy for the source `name`.

    Unpacking an .npz takes 0.3 s and 55 MB, a CSV file some seconds. `inspect` is asked once, for an unknown set.
    """
    folder, files = home() / "data" / "kept" / name, _files_stamp(path)
    key = hashlib.blake2b(json.dumps(files).encode(), digest_size=8).hexdigest()
    chosen = fixes.chosen(key).fixes
    stamp = [_VERSION, files, list(chosen)]
    with contextlib.suppress(OSError, ValueError, EOFError, DataError, TypeError, KeyError):
        facts = json.loads((folder / "stamp.json").read_text("utf-8"))
        if facts["stamp"] == stamp:
            checksums.check(folder)
            return _open(folder, facts, key, chosen)
    parts = reader(path)
    known = class_names.known_set(gzipped_idx(path) if path.is_dir() else {}, parts.training.images)
    training, test = (fixes.apply(digits, chosen) for digits in parts[:2])
    names = parts.names or (known.names if known else class_names.DIGITS)
    parts = TrainTest(training, test, parts.notes, names)
    found = [] if known else inspect(training)
    title = known.title if known else ""
    facts = {
        "stamp": stamp,
        "notes": parts.notes,
        "names": names,
        "title": title,
        "findings": [asdict(finding) for finding in found],
    }
    with contextlib.suppress(OSError):  # with a full or read-only disk it is unpacked again next time
        _save(folder, parts, facts)
        return _open(folder, facts, key, chosen)
    return Loaded(parts, title, key, chosen, tuple(found))


def release_pages(images: np.ndarray) -> None:
    """Frees the memory of memory-mapped images after a pass over all of them: 47 MB.

    Images that are not mapped from a file stay in memory.
    """
    owner: object = images
    while isinstance(owner, np.ndarray):
        owner = owner.base
    if isinstance(owner, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):  # not on Windows
        owner.madvise(mmap.MADV_DONTNEED)


def _files_stamp(path: Path) -> list[Any]:
    """Names, sizes and times of the source files: they change when a file is replaced."""
    files = data_files(path) if path.is_dir() else [path, path.parent / class_names.FILE]
    facts = [[str(file), file.stat().st_size, file.stat().st_mtime_ns] for file in files if file.exists()]
    return [str(path.absolute()), *facts]


def _open(folder: Path, facts: dict[str, Any], key: str, chosen: tuple[str, ...]) -> Loaded:
    # A plain view, because slicing a memmap is slower; read-only, because all visitors share it.
    x_train, y_train, x_test, y_test = (np.asarray(np.load(folder / f"{name}.npy", mmap_mode="r")) for name in ARRAYS)
    names = class_names.checked_names(list(facts["names"]))
    parts = TrainTest(Digits(x_train, y_train), Digits(x_test, y_test), tuple(map(str, facts["notes"])), names)
    return Loaded(parts, str(facts["title"]), key, chosen, tuple(Finding(**one) for one in facts["findings"]))


def _save(folder: Path, parts: TrainTest, facts: dict[str, Any]) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=".keeping-", dir=folder.parent))
    try:
        training, test = parts[:2]
        for name, array in zip(ARRAYS, (training.images, training.labels, test.images, test.labels), strict=True):
            np.save(temporary / f"{name}.npy", array)
        (temporary / "stamp.json").write_text(json.dumps(facts), "utf-8")
        checksums.write(temporary)
        if folder.exists():
            folder.rename(temporary / "before")
        temporary.rename(folder)
        shutil.rmtree(folder / "before", ignore_errors=True)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)

"""A downloaded run as untrusted files: what a ZIP or a folder may hold, read with bounded memory.

Only the names that `run_export.build_archive` writes are accepted, each once, as plain files in one folder, and below a
size. Nothing is unpacked to a path that the archive names.
"""

import io
import os
import re
import stat
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from core.errors import RunError
from core.files import read_json, read_limited, read_regular
from core.runs.file_names import FACTS, MODEL

MAX_MODEL_BYTES = 1 << 30
# The names that a download may have, and the most bytes of each.
EXPECTED = {
    FACTS: 1 << 20,
    "history.csv": 4 << 20,
    "README.md": 1 << 20,
    "train.py": 1 << 20,
    "notebook.ipynb": 16 << 20,
    MODEL: MAX_MODEL_BYTES,
}
USED = (FACTS, "history.csv", MODEL)
_IGNORED = ("__MACOSX", ".DS_Store")  # macOS adds these to every archive
_MAX_MEMBERS = 40
_FOLDER = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._()-]{0,80}")
_COMPRESSIONS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


def read_zip(content: bytes) -> dict[str, bytes]:
    """The files that make a run, by name. Raises `RunError` for anything that no download of a run holds."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = {name: info for name, info in _members(archive)}
            _check_names(members)
            return {name: _unpack(archive, info, name) for name, info in members.items() if name in USED}
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, ValueError) as error:
        raise _refused("it is damaged or no ZIP file") from error


def read_folder(folder: Path) -> dict[str, bytes]:
    """The files of an unpacked download. Links are not followed."""
    found = {}
    with os.scandir(folder) as entries:
        names = [entry.name for entry in entries if entry.name not in _IGNORED]
    _check_names(dict.fromkeys(names))
    for name in set(names) & set(USED):
        try:
            found[name] = read_regular(folder / name, EXPECTED[name])
        except OSError as error:
            raise _refused(f"{name} is a link, too large, or cannot be read") from error
    return found


def is_download(folder: Path) -> bool:
    """Whether a folder looks like an unpacked download: its run.json has knobs, and no config."""
    facts = read_json(folder / FACTS)
    return isinstance(facts, dict) and "knobs" in facts and "config" not in facts


def _members(archive: zipfile.ZipFile) -> Iterator[tuple[str, zipfile.ZipInfo]]:
    """Each file's name without the folder, after all checks that need only the archive's directory."""
    infos = archive.infolist()
    if len(infos) > _MAX_MEMBERS:
        raise _refused(f"it holds {len(infos):,} files, and a run has at most {len(EXPECTED)}")
    folders, seen = set(), set()
    for info in infos:
        path = PurePosixPath(info.filename)
        if (path.parts and path.parts[0] in _IGNORED) or path.name in _IGNORED:
            continue
        kind = stat.S_IFMT(info.external_attr >> 16)
        if "\\" in info.filename or path.is_absolute() or ".." in path.parts or len(path.parts) > 2:
            raise _refused("a file in it lies outside of its folder")
        if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
            raise _refused("it holds a link or a device instead of a plain file")
        if info.flag_bits & 1 or info.compress_type not in _COMPRESSIONS:
            raise _refused("it is encrypted, or packed in an unusual way")
        if info.is_dir():
            continue
        folders.add(path.parts[0] if len(path.parts) == 2 else "")
        if path.name in seen or len(folders) > 1 or not all(_FOLDER.fullmatch(part) for part in path.parts):
            raise _refused("it must hold the files of one run, each once, in one folder")
        seen.add(path.name)
        yield path.name, info


def _check_names(found: dict[str, Any]) -> None:
    if unknown := sorted(set(found) - set(EXPECTED)):
        raise _refused(f"it holds {unknown[0][:40]!r}, which no download of a run has")
    if FACTS not in found:
        raise _refused("run.json is missing")


def _unpack(archive: zipfile.ZipFile, info: zipfile.ZipInfo, name: str) -> bytes:
    if info.file_size > EXPECTED[name]:
        raise _refused(f"{name} is larger than {EXPECTED[name] >> 20:,} MB")
    with archive.open(info) as stream:
        try:
            return read_limited(stream, info.file_size)
        except ValueError:
            raise _refused(f"{name} unpacks to more than it declares") from None


def _refused(reason: str) -> RunError:
    return RunError(
        f"This file is no run: {reason}. Use the ZIP that Train offers under Download, Everything, without changes."
    )

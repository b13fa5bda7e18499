"""Checksums of files that are kept for a long time: a disk or a power cut may have damaged some of their blocks."""

import json
import os
import zlib
from pathlib import Path

from core.files import sync_folder

NAME = "sums.json"
_PIECE = 2**20  # bytes that are read at once


def write(folder: Path) -> None:
    """Keeps a checksum of each `.npy` file in `folder`, and waits until all of them are on the disk."""
    sums = {path.name: _sum(path) for path in sorted(folder.glob("*.npy"))}
    (folder / NAME).write_text(json.dumps(sums), "utf-8")
    for path in folder.iterdir():
        with path.open("rb") as file:
            os.fsync(file.fileno())
    sync_folder(folder)


def check(folder: Path) -> None:
    """Raises `ValueError` if a file is not as it was written, `OSError` if there are no checksums."""
    sums = json.loads((folder / NAME).read_text("utf-8"))
    found = {path.name: _sum(path) for path in sorted(folder.glob("*.npy"))}
    if sums != found:
        raise ValueError(f"a file in {folder.name} has changed since it was written")


def _sum(path: Path) -> int:
    total = 0
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            total = zlib.crc32(piece, total)
    return total

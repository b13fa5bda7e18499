"""A system that refuses: for tests that may run as root, who may do everything."""

import errno
import os
from pathlib import Path

import pytest


def refuse(monkeypatch: pytest.MonkeyPatch, below: Path, number: int, *, reading: bool = False) -> None:
    """The system refuses each new file below a folder, or reading there: tests may run as root, who may do all."""
    system_open = os.open

    def refusing(path, flags, *rest, **others):
        writes = flags & (os.O_CREAT | os.O_WRONLY | os.O_RDWR)
        if str(path).startswith(str(below)) and (reading or writes):
            raise OSError(number, os.strerror(number), str(path))
        return system_open(path, flags, *rest, **others)

    monkeypatch.setattr(os, "open", refusing)


def fill_disk(monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    """The disk is full for one call of the system: `fsync`, `replace`, `pwrite` …"""

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, call, full)

"""The folder `classroom` of the home: names, the hash of the teacher's key, secrets. Only its owner may read it."""

from pathlib import Path

from core.files import explain_disk_errors


def folder(home: Path) -> Path:
    """The folder, created if it is missing. Raises `RunError` if that is not allowed."""
    path = home / "classroom"
    with explain_disk_errors(path):
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path

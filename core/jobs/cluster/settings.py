"""Which cluster is used, and what a run asks for there. RAY_ADDRESS, or a file that the dashboard writes.

DIGIT_LAB_HOME/cluster/settings.json   address, cpus and gpu
"""

import os
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from core.errors import ConfigError
from core.files import explain_disk_errors, read_json, write_json
from core.untrusted import number, text, whole

_ADDRESS = re.compile(r"(auto|local|\[?[0-9A-Za-z.:_-]{1,120}\]?:[0-9]{1,5})")
MAX_CPUS = 256


@dataclass(frozen=True)
class ClusterSettings:
    """address: of the head node, "host:6379". cpus, gpu: what one run asks for; a part of a GPU is allowed."""

    address: str
    cpus: int = 1
    gpu: float = 1.0


def load(home: Path) -> ClusterSettings | None:
    """The settings in use; None if runs train on this machine. Raises `ConfigError` for a wrong value."""
    saved = _saved(home)
    address = os.environ.get("RAY_ADDRESS") or saved.get("address", "")
    if not address:
        return None
    return checked(
        address,
        os.environ.get("DIGIT_LAB_RUN_CPUS") or saved.get("cpus", 1),
        os.environ.get("DIGIT_LAB_RUN_GPU") or saved.get("gpu", 1.0),
    )


def save(home: Path, settings: ClusterSettings | None) -> None:
    """Uses this cluster after a restart of the dashboard; None: this machine. Raises `RunError` on a full disk."""
    path = _path(home)
    with explain_disk_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_json(path, asdict(settings) if settings else {})


def checked(address: Any, cpus: Any = 1, gpu: Any = 1.0) -> ClusterSettings:
    """The settings with these values, which may be text. Raises `ConfigError` for a wrong one."""
    try:
        if not _ADDRESS.fullmatch(found := text(address, 130).strip()):
            raise ValueError("not an address")
    except ValueError as error:
        raise ConfigError(
            "The address of the cluster must be host:port, for example lab-1:6379. Correct RAY_ADDRESS or the setting.",
            received=str(address),
        ) from error
    try:
        return ClusterSettings(found, whole(float(cpus), 1, MAX_CPUS), number(float(gpu), 0.01, 1.0))
    except (ValueError, TypeError) as error:
        raise ConfigError(
            f"A run asks for 1 to {MAX_CPUS} CPUs and for 0.01 to 1 of a GPU. "
            "Correct DIGIT_LAB_RUN_CPUS and DIGIT_LAB_RUN_GPU.",
            received=f"{cpus}, {gpu}",
        ) from error


def _saved(home: Path) -> dict[str, Any]:
    saved = read_json(_path(home))
    return saved if isinstance(saved, dict) else {}


def _path(home: Path) -> Path:
    return home / "cluster" / "settings.json"

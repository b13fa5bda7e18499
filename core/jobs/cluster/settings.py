"""Which cluster is used, and what a run asks for there: RAY_ADDRESS, or the section `cluster` of server.toml."""

import os
import re
from dataclasses import dataclass
from pathlib import Path

from core.classroom import settings as server_settings
from core.errors import ConfigError

_ADDRESS = re.compile(r"auto|\[?[0-9A-Za-z.:_-]{1,120}\]?:[0-9]{1,5}")


@dataclass(frozen=True)
class ClusterSettings:
    """address: of the head node, "host:6379". cpus, gpu: what one run asks for; gpu may be a part of one."""

    address: str
    cpus: int = 1
    gpu: float = 1.0


def load(home: Path) -> ClusterSettings | None:
    """The settings in use; None if runs train on this machine. Raises `ConfigError` for a wrong address."""
    saved = server_settings.read(home, shared=False)
    address = os.environ.get("RAY_ADDRESS") or saved["cluster_address"]
    if not address:
        return None
    if not _ADDRESS.fullmatch(address):
        raise ConfigError(
            "The address of the cluster must be host:port, for example lab-1:6379. Correct RAY_ADDRESS, or "
            "cluster_address in server.toml.",
            received=address,
        )
    return ClusterSettings(address, max(1, saved["cluster_cpus"]), 1 / max(1, saved["cluster_runs_per_gpu"]))

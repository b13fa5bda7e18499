"""What a figure was measured on: machine, versions, day."""

import datetime
import importlib.metadata
import os
import platform
import shutil
from pathlib import Path


def processor() -> str:
    """The processor's own name, as the system tells it."""
    if (cpuinfo := Path("/proc/cpuinfo")).exists():
        names = [
            line.split(":")[1].strip() for line in cpuinfo.read_text().splitlines() if line.startswith("model name")
        ]
        if names:
            return names[0]
    return platform.processor() or platform.machine()


def describe(*packages: str) -> str:
    """One line: processor, cores, system, Python, the versions of `packages` and of the main ones, today."""
    wanted = dict.fromkeys(("tensorflow", "keras", "numpy", "streamlit", *packages))
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in wanted)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return (f"{processor()}, {cores} cores, {platform.system()}, Python {platform.python_version()}, {versions}; "
            f"{datetime.date.today():%Y-%m-%d}")  # fmt: skip


def chromium_path() -> str:
    path = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if not path:
        raise SystemExit("This benchmark needs a Chromium: install one, or set CHROMIUM to it.")
    return path

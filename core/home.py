"""The home folder: where Digit Lab keeps its data, runs and results."""

import os
from pathlib import Path


def home() -> Path:
    """`DIGIT_LAB_HOME`, or `~/.digit-lab`."""
    return Path(os.environ.get("DIGIT_LAB_HOME") or "~/.digit-lab").expanduser()

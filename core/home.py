"""The home folder: where Digit Lab keeps its data, runs and results."""

import os
from pathlib import Path


def home() -> Path:
    """`DIGIT_LAB_HOME`, or `~/.digit-lab`, as an absolute path."""
    return Path(os.environ.get("DIGIT_LAB_HOME") or "~/.digit-lab").expanduser().absolute()

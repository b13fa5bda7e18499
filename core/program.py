"""What people type to start Digit Lab, and its version."""

import tomllib
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

_PROJECT = Path(__file__).parents[1] / "pyproject.toml"


def program() -> str:
    """The command line's name: a checkout of the repository has no command of its own, an installation only that."""
    try:
        version("digit-lab")
    except PackageNotFoundError:
        return "python -m core"
    return "digit-lab"


def new_key_advice() -> str:
    """A sentence for who has lost the teacher's key."""
    return f"`{program()} teacher-key` makes a new one."


def project_version() -> str:
    """The version of Digit Lab: of the folder that it runs from, or of the installation."""
    if _PROJECT.is_file():
        return str(tomllib.loads(_PROJECT.read_text("utf-8"))["project"]["version"])
    return version("digit-lab")

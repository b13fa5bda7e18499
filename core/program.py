"""What people type to start Digit Lab."""

from importlib.metadata import PackageNotFoundError, version


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

"""The data set of a node: it must be the one that the dashboard shows, else a run would learn something else."""

import os
import socket
from pathlib import Path

from core.data import mnist
from core.data.cache import fingerprint
from core.errors import DataError


def refusal(expected: str) -> str:
    """A sentence: why a run cannot start on this node; empty if its data set has the fingerprint `expected`.

    Where the node has only the images that come with the program, it downloads the full set first.
    """
    try:
        data = mnist.load()
        if fingerprint(data) == expected:
            return ""
        if not data.source.complete:
            mnist.download()
            data = mnist.load()
    except DataError as error:
        return f"The machine {socket.gethostname()} has no data to train on. {error.sentence}"
    if fingerprint(data) == expected:
        return ""
    return (
        f"The machine {socket.gethostname()} has other images than the dashboard: {data.source.sentence} "
        "Set MNIST_PATH to the same file on both before Ray starts there, then resume."
    )


def share_home(run_home: Path) -> None:
    """Lets `run_home` use the data and the compiled programs of this node's own home.

    A run has a home of its own on the node: several runs train there at a time, and each has its own device.
    """
    own = Path(os.environ.get("DIGIT_LAB_HOME") or "~/.digit-lab").expanduser().absolute()
    for name in ("data", "programs"):
        (own / name).mkdir(parents=True, exist_ok=True)
        if not (run_home / name).is_symlink():
            (run_home / name).symlink_to(own / name, target_is_directory=True)

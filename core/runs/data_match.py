"""Whether what a run saved about images belongs to the images in use: people change their data, and downloads end."""

from core.data.cache import fingerprint
from core.data.mnist import Mnist
from core.runs.run import Run


def was_trained_on(run: Run, data: Mnist) -> bool:
    """Whether `run` was trained with this data set; True if that is unknown, as of runs of earlier versions."""
    return run.data_fingerprint in ("", fingerprint(data))

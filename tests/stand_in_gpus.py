"""GPUs that are not there: this process and its children find them where they ask the driver."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from core.devices import gpus

_CHOSEN = ("CUDA_VISIBLE_DEVICES", "DIGIT_LAB_RUNS_PER_GPU", "DIGIT_LAB_GPU", "XLA_PYTHON_CLIENT_MEM_FRACTION")
_UNUSABLE = ("DIGIT_LAB_UNUSABLE_GPUS", "STAND_IN_UNUSABLE")
_DRIVER = Path(__file__).parent / "stand_in_driver"


@contextmanager
def installed(number: int) -> Iterator[pytest.MonkeyPatch]:
    """A machine with so many GPUs: gpu:0 is "Stand-in A (80 GiB)" with the UUID GPU-0000-0, gpu:1 is "Stand-in B"."""
    before = dict(os.environ)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STAND_IN_GPUS", str(number))
        patch.setenv("PYTHONPATH", os.pathsep.join(filter(None, [str(_DRIVER), os.environ.get("PYTHONPATH")])))
        for name in (*_CHOSEN, *_UNUSABLE):
            patch.delenv(name, raising=False)
        patch.syspath_prepend(str(_DRIVER))
        patch.delitem(sys.modules, "pynvml", raising=False)
        forget()
        yield patch
        sys.modules.pop("pynvml", None)
    for name in set(os.environ) - set(before):  # a run in this process has taken a slot
        del os.environ[name]
    os.environ.update(before)
    forget()


def forget() -> None:
    """What `core.devices.gpus` remembers of the machine."""
    for remembered in (gpus._visible, gpus._installed, gpus._nvml):
        remembered.cache_clear()

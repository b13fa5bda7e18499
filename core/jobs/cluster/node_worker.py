"""`python -m core.jobs.cluster.node_worker`: the unchanged worker, which ends with the process that started it.

If a node is lost, its run goes on elsewhere. So a worker must not train on alone.
"""

import ctypes
import os
import runpy
import signal
import sys

_PR_SET_PDEATHSIG = 1  # of Linux' prctl


def end_with_parent(parent: int) -> None:
    """The system kills this process when the thread that started it ends. parent: the process of that thread."""
    if sys.platform != "linux":
        return
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:  # it ended before
        os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    end_with_parent(int(sys.argv[1]))
    runpy.run_module("core.jobs.worker", run_name="__main__")

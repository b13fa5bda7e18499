"""Settings of a whole process that uses Keras. Each entry point calls `apply` once, before it imports Keras."""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress

# XLA uses 256-bit registers by default. Where the processor has 512-bit ones, a step of `dli` takes a twelfth less time
# with them, a step of `chollet` a thirtieth less.
_XLA_FLAG = "--xla_cpu_prefer_vector_width=512"

# The environment of a process that computes on the CPU: it takes seconds there, and runs have all of a GPU's memory.
CPU_ONLY = {"CUDA_VISIBLE_DEVICES": "-1", "JAX_PLATFORMS": "cpu"}
KERAS_NICE = 5  # with few cores, pages and the visitor's browser come first; an idle machine loses nothing
STUDY_NICE = 10  # work that can wait: training comes first


def apply() -> None:
    """Sets what TensorFlow and JAX read from the environment. The user's settings win; a second call does nothing."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # no log lines of TensorFlow's C++ code but errors
    # By default JAX takes three quarters of a GPU's memory at once. It reads this before its first computation.
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
    flags = os.environ.get("XLA_FLAGS", "")
    if os.environ.get("KERAS_BACKEND") != "jax" and _XLA_FLAG not in flags:
        os.environ["XLA_FLAGS"] = f"{_XLA_FLAG} {flags}".strip()  # the last value wins: the user's flags come after


def lower_priority(nice: int) -> None:
    """Gives way to other processes. nice: one of the two numbers above."""
    if hasattr(os, "nice"):
        with suppress(OSError):
            os.nice(nice)


@contextmanager
def hide_stderr() -> Iterator[None]:
    """Hides the log lines of TensorFlow's C++ code, which would spoil a progress bar, unless an error is raised."""
    sys.stderr.flush()
    real_stderr = os.dup(2)
    with tempfile.TemporaryFile() as captured:
        os.dup2(captured.fileno(), 2)
        try:
            yield
        except Exception:
            captured.seek(0)
            os.write(real_stderr, captured.read())
            raise
        finally:
            os.dup2(real_stderr, 2)
            os.close(real_stderr)

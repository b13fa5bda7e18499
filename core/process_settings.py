"""Settings of a whole process that trains. Each entry point calls `apply` once, before it imports Keras."""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

# XLA uses 256-bit registers by default. Where the processor has 512-bit ones, a step of `dli` takes a twelfth less time
# with them, a step of `chollet` a thirtieth less.
_XLA_FLAG = "--xla_cpu_prefer_vector_width=512"


def apply() -> None:
    """Sets what TensorFlow and JAX read from the environment. The user's settings win; a second call does nothing."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # no log lines of TensorFlow's C++ code but errors
    # By default JAX takes three quarters of a GPU's memory at once. It reads this before its first computation.
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
    flags = os.environ.get("XLA_FLAGS", "")
    if os.environ.get("KERAS_BACKEND") != "jax" and _XLA_FLAG not in flags:
        os.environ["XLA_FLAGS"] = f"{_XLA_FLAG} {flags}".strip()  # the last value wins: the user's flags come after


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

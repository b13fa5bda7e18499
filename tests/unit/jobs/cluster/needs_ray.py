"""The marks of tests that use a real Ray cluster."""

import importlib.util

import pytest

NEEDS_RAY = [
    pytest.mark.slow,
    pytest.mark.skipif(
        importlib.util.find_spec("ray") is None, reason="Ray is not installed: pip install -r requirements-ray.txt"
    ),
    # Ray leaves sockets and processes to the interpreter's end, and uses what will be removed from Python.
    pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::DeprecationWarning", "ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

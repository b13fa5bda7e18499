"""Tries a reader with hundreds of random inputs: only the project's own errors may come out, soon and in little memory.

Plain `pytest` tries 100 of each kind and `pytest -m slow` 1,000, always the same ones. `FUZZ_CASES=10000 pytest -m slow
tests/fuzz` tries so many, others each time; that takes half an hour on two cores.
"""

import os
import warnings
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.errors import HypothesisWarning

from core.errors import DigitLabError

CHOSEN = os.environ.get("FUZZ_CASES")
FEW, MANY = 100, int(CHOSEN or 1_000)
MAX_SECONDS, MAX_MIB = 5.0, 500.0
AMOUNTS = pytest.mark.parametrize("amount", [FEW, pytest.param(MANY, marks=pytest.mark.slow)])
_STRANGE: list[Any] = [
    None, True, False, 0, 1, -1, 5, 2**31, 2**53, -(2**63), 10**400, 0.0, 0.5, -0.5, 1e-320, 1e300, float("inf"),
    float("nan"), "", "x", "5", "nan", "inf", "x" * 100_000, "![a](//b)", "\ud800", "a\nb", "\u202e", [], {}, [1],
    [[1]], [None], ["x"], [[]] * 10, [[1] * 10] * 10, [float("nan")], {"x": 1}, {"": []}, {"config": {}}, [10**400],
    {"config": {"units": 10**400}}, {"loss": [1.0]}, {"opened": 5}, [{"x": [1]}], [-5], [1e300, 5], "finished",
]  # fmt: skip
Json = st.sampled_from(_STRANGE) | st.integers(-3, 10) | st.lists(st.sampled_from(_STRANGE), max_size=3)


def tries(read: Callable[[Any], object], inputs: st.SearchStrategy[Any], amount: int) -> None:
    """Calls `read` with so many inputs. Any other error than the project's own fails the test, with the input."""

    @settings(
        max_examples=amount,
        deadline=timedelta(seconds=MAX_SECONDS),
        database=None,
        derandomize=not CHOSEN,
        suppress_health_check=list(HealthCheck),
    )
    @given(inputs)
    def one(value: Any) -> None:
        before = _peak_mib(reset=True)  # for each input: Hypothesis itself keeps more with each one
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # NumPy warns about numbers that are refused afterwards
            try:
                read(value)
            except DigitLabError as error:
                too_long = len(error.sentence) > 2000
                assert not too_long
        too_large = _peak_mib() - before > MAX_MIB
        assert not too_large

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", HypothesisWarning)  # some inputs are long to print
        one()


def _peak_mib(*, reset: bool = False) -> float:
    """The most memory that this process has used so far; `reset`: from now on. 0 where the system does not say."""
    try:
        if reset:
            Path("/proc/self/clear_refs").write_text("5")
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return 0.0
    return next(float(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))


def damaged(*originals: bytes) -> st.SearchStrategy[bytes]:
    """The originals with some bytes changed, cut off, removed or repeated; sometimes nothing but random bytes."""

    def damage(original: bytes, edits: list[tuple[str, int, bytes]]) -> bytes:
        content = bytearray(original)
        for kind, place, new in edits:
            at = place % (len(content) + 1)
            match kind:
                case "change":
                    content[at : at + len(new)] = new
                case "insert":
                    content[at:at] = new
                case "remove":
                    del content[at : at + 1 + len(new) * 8]
                case "cut":
                    del content[at:]
                case "repeat":
                    content += content[at : at + 4096]
        return bytes(content)

    numbers = st.sampled_from([b"\xff" * 4, b"\x7f\xff\xff\xff", b"\0" * 4, b"\xff" * 8, b"\x00\x00\x00\x01"])
    edit = st.tuples(
        st.sampled_from(["change", "change", "change", "insert", "remove", "cut", "repeat"]),
        st.integers(0, 200) | st.integers(0, 10**6),
        numbers | st.binary(max_size=6),
    )
    return st.builds(damage, st.sampled_from(originals), st.lists(edit, max_size=5)) | st.binary(max_size=300)

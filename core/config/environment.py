"""The settings of the environment that are whole numbers, such as DIGIT_LAB_KEEP_EPOCHS: read and checked here."""

import os
from typing import NamedTuple

from core.errors import DeviceError


class Setting(NamedTuple):
    """One setting: its name, the value without it, and the allowed range."""

    name: str
    default: int
    low: int
    high: int

    @property
    def value(self) -> int:
        """The chosen value. Raises `DeviceError` if it is not allowed: nobody would notice a default in its place."""
        text = os.environ.get(self.name, str(self.default))
        if text.isascii() and text.isdecimal() and self.low <= int(text[:9]) <= self.high:
            return int(text)
        allowed = f"{self.low} or {self.high}" if self.high - self.low == 1 else self._range
        raise DeviceError(f"{self.name} must be {allowed}. Correct it, and start the program again.", text)

    @property
    def _range(self) -> str:
        return f"a whole number from {self.low} to {self.high:,}"


KEEP_EPOCHS = Setting(
    "DIGIT_LAB_KEEP_EPOCHS", 50, 2, 10_000
)  # weights of single epochs; at least the first and the last
RUNS_PER_GPU = Setting("DIGIT_LAB_RUNS_PER_GPU", 1, 1, 16)
SEEDS_PER_CALL = Setting("DIGIT_LAB_SEEDS_PER_CALL", 1, 1, 20)
SPARE = Setting("DIGIT_LAB_SPARE", 1, 0, 1)  # whether a worker waits before Start
SETTINGS = (KEEP_EPOCHS, RUNS_PER_GPU, SEEDS_PER_CALL, SPARE)
_PREFIX = "DIGIT_LAB_"
# What is no number: for people, for processes that start others, and a setting of an earlier version.
OTHERS = ("HOME", "TENSORBOARD", "GPU", "GPU_MEMORY", "NODE", "UNUSABLE_GPUS", "ANYONE_STOPS")


def check() -> None:
    """Raises `DeviceError` for the first setting whose value is not allowed."""
    for problem in problems():
        raise problem


def unknown() -> list[str]:
    """A sentence for each setting that does not exist: perhaps somebody has misspelt it."""
    known = {*(setting.name for setting in SETTINGS), *(_PREFIX + name for name in OTHERS)}
    found = sorted(name for name in os.environ if name.startswith(_PREFIX) and name not in known)
    return [f"{name} is no setting of Digit Lab. Check its spelling." for name in found]


def problems() -> list[DeviceError]:
    """What is wrong with the settings, as errors that say what is allowed."""
    found = []
    for setting in SETTINGS:
        try:
            _ = setting.value
        except DeviceError as error:
            found.append(error)
    return found

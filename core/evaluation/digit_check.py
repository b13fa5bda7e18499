"""Whether a drawing is a digit at all: a small network of its own, trained on digits and on what is none.

A softmax gives all of its probability to the ten digits, also for a letter. This network has other classes: digit, and
six kinds of drawings that are none. It looks at the image alone, so it serves every network that reads digits.
docs/drawing.md says what it was trained on and how well it works; `tests/benchmarks/digit_check.py` trains it.
"""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Self

import numpy as np

from core.config.run_config import RunConfig
from core.network.numpy_network import Reader

FILE = Path(__file__).parents[1] / "shipped" / "digit_check.npz"
DIGIT, LETTER, SIGN, SHAPE, SCRIBBLE, SEVERAL, PART = range(7)  # classes of the network; its last three are unused
KINDS = ("a digit", "a letter", "a sign", "a shape", "a scribble", "several digits", "a part of a digit")


@dataclass(frozen=True)
class Verdict:
    """What one drawing is. kind: the most probable of `KINDS` but the digit; doubt: in [0, 1], that it is no digit."""

    doubt: float
    kind: int
    is_digit: bool  # the doubt is not above the threshold


@dataclass(frozen=True, eq=False)
class DigitCheck:
    """The network, and the doubt above which a drawing gets a warning."""

    reader: Reader
    threshold: float

    @classmethod
    def load(cls, path: Path = FILE) -> Self:
        """From the file that comes with the program: float16 weights, the network's config and the threshold."""
        with np.load(path, allow_pickle=False) as file:
            facts = json.loads(str(file["facts"]))
            weights = {name: file[name].astype(np.float32) for name in file.files if name != "facts"}
        return cls(Reader(RunConfig.from_dict(facts["config"]), weights), float(facts["threshold"]))

    def doubts(self, images: np.ndarray) -> np.ndarray:
        """How probable it is that each image, uint8 (n, 28, 28), is no digit: float32 (n,)."""
        return 1 - self.reader.probabilities(images)[:, DIGIT]

    def check(self, image: np.ndarray) -> Verdict:
        """One image, uint8 (28, 28), in about a millisecond."""
        shares = self.reader.probabilities(image[None])[0]
        doubt = float(1 - shares[DIGIT])
        return Verdict(doubt, int(shares[1 : len(KINDS)].argmax()) + 1, doubt <= self.threshold)


@cache
def shipped() -> DigitCheck:
    """The one that comes with the program."""
    return DigitCheck.load()

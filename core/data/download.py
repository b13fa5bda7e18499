"""Downloads the official MNIST, and other published files, from their mirrors; each is checked against its SHA-256."""

import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from core.data.formats import IDX_NAMES, read
from core.errors import DataError

MIRRORS = ("https://storage.googleapis.com/cvdf-datasets/mnist/", "https://ossci-datasets.s3.amazonaws.com/mnist/")


class Archive(NamedTuple):
    """One published file."""

    name: str
    size: int  # bytes
    sha256: str


ARCHIVES = tuple(
    Archive(f"{IDX_NAMES[name]}.gz", size, sha256)
    for name, size, sha256 in (
        ("x_train", 9_912_422, "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"),
        ("y_train", 28_881, "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"),
        ("x_test", 1_648_877, "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"),
        ("y_test", 4_542, "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"),
    )
)
TIMEOUT = (5, 20)  # seconds to connect, and between two answers, before the next mirror is tried


def download_to(folder: Path, progress: Callable[[int, int], None] = lambda done, total: None) -> None:
    """Downloads the four files to `folder` and calls `progress(bytes done, bytes in all)` as they arrive.

    They are checked in a temporary folder first, so a failed download changes no existing file.
    Raises `DataError` if no mirror delivers them.
    """
    folder.mkdir(parents=True, exist_ok=True)
    total, done = sum(archive.size for archive in ARCHIVES), 0

    def on_bytes(n: int) -> None:
        progress(min(done + n, total), total)

    with tempfile.TemporaryDirectory(prefix=".fetching-", dir=folder) as temporary:
        for archive in ARCHIVES:
            _fetch(archive, MIRRORS, Path(temporary), on_bytes, remedy="set MNIST_PATH to a copy of MNIST")
            done += archive.size
        read(Path(temporary))
        for archive in ARCHIVES:
            (Path(temporary) / archive.name).replace(folder / archive.name)
    progress(total, total)


def download_file(archive: Archive, mirrors: tuple[str, ...], path: Path, *, remedy: str) -> None:
    """Downloads one file to `path`, completely or not at all. Raises `DataError` if no mirror delivers it.

    remedy: what people can do without a connection; the end of the error's sentence.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".fetching-", dir=path.parent) as temporary:
        _fetch(archive, mirrors, Path(temporary), lambda n: None, remedy=remedy)
        (Path(temporary) / archive.name).replace(path)


def _fetch(
    archive: Archive, mirrors: tuple[str, ...], folder: Path, on_bytes: Callable[[int], None], *, remedy: str
) -> None:
    import pooch  # takes 0.2 s, and most visits download nothing

    pooch.get_logger().setLevel("ERROR")
    problems = []
    for mirror in mirrors:
        downloader = pooch.HTTPDownloader(
            progressbar=_ProgressBar(archive.size, on_bytes), chunk_size=1 << 16, timeout=TIMEOUT
        )
        try:
            pooch.retrieve(
                mirror + archive.name, f"sha256:{archive.sha256}", archive.name, folder, downloader=downloader
            )
            return
        except (OSError, ValueError) as error:  # requests' errors are OSErrors; a wrong SHA-256 is a ValueError
            reason = "the file has the wrong SHA-256" if isinstance(error, ValueError) else type(error).__name__
            problems.append(f"{mirror}: {reason}")
    raise DataError(
        f"{archive.name} could not be downloaded ({'; '.join(problems)}). Check the network connection, or {remedy}."
    )


class _ProgressBar:
    """The interface that `pooch` expects of a progress bar."""

    def __init__(self, size: int, on_bytes: Callable[[int], None]) -> None:
        self.total, self._size, self._on_bytes, self._done = size, size, on_bytes, 0

    def update(self, n: int) -> None:
        self._done = min(self._done + n, self._size)
        self._on_bytes(self._done)

    def reset(self) -> None:
        self._done = 0

    def close(self) -> None:
        """Nothing to clean up."""


class BackgroundDownload:
    """A download on its own thread. Read `progress` (0 to 1) and `error` (a sentence, empty without an error)."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.progress, self.error = 0.0, ""
        self._last_change = time.monotonic()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Starts, or starts again after an error; does nothing while the download runs or after it has finished."""
        with self._lock:
            if (self._thread and self._thread.is_alive()) or self.progress >= 1:
                return
            self.progress, self.error = 0.0, ""
            self._last_change = time.monotonic()
            self._thread = threading.Thread(target=self._download, name="download MNIST", daemon=True)
            self._thread.start()

    def wait(self, seconds: float | None = None) -> None:
        """Returns when the download has ended, or after `seconds`."""
        if self._thread:
            self._thread.join(seconds)

    @property
    def idle_seconds(self) -> float:
        """How long no data has arrived."""
        return time.monotonic() - self._last_change

    def _download(self) -> None:
        try:
            download_to(self._folder, self._on_progress)
            self.progress = 1.0
        except DataError as error:
            self.error = error.sentence
        except OSError as error:
            self.error = f"{self._folder} could not be written: {error}. Free some space, or set DIGIT_LAB_HOME."

    def _on_progress(self, done: int, total: int) -> None:
        self._last_change = time.monotonic()
        self.progress = min(done / total, 0.99)  # 1.0 means that the files are in place and can be read

"""Fetching from a mirror on this machine: whole or not at all."""

import gzip
import hashlib
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest

from core.data import download, mnist
from core.data.download import Archive, BackgroundDownload, download_to
from core.data.formats import IDX_NAMES
from core.errors import DataError
from tests.unit.data.files_of_data import idx, same


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args) -> None:
        pass


@pytest.fixture
def mirror(tmp_path, arrays, monkeypatch):
    """A folder served over HTTP as the only mirror, with small archives in place of the official ones."""
    folder = tmp_path / "mirror"
    folder.mkdir()
    archives = []
    for name, array in arrays.items():
        content = gzip.compress(idx(array))
        (folder / f"{IDX_NAMES[name]}.gz").write_bytes(content)
        archives.append(Archive(f"{IDX_NAMES[name]}.gz", len(content), hashlib.sha256(content).hexdigest()))
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setattr(download, "ARCHIVES", tuple(archives))
    monkeypatch.setattr(download, "MIRRORS", (f"http://127.0.0.1:{server.server_port}/",))
    yield folder
    server.shutdown()
    server.server_close()


def test_what_is_fetched_is_what_was_published(mirror, tmp_path, arrays):
    heard = []
    download_to(tmp_path / "data", lambda done, total: heard.append((done, total)))
    assert same(download.read(tmp_path / "data"), arrays)
    assert heard == sorted(heard)
    assert heard[-1][0] == heard[-1][1] == sum(archive.size for archive in download.ARCHIVES)
    assert len(list((tmp_path / "data").iterdir())) == 4  # nothing half-done is left


def test_a_file_with_another_sha_is_refused_and_nothing_replaced(mirror, tmp_path):
    download_to(tmp_path / "data")
    before = {path.name: path.read_bytes() for path in (tmp_path / "data").iterdir()}
    (mirror / f"{IDX_NAMES['y_test']}.gz").write_bytes(gzip.compress(b"something else"))
    with pytest.raises(DataError, match=r"t10k-labels.*wrong SHA-256.*set MNIST_PATH"):
        download_to(tmp_path / "data")
    assert {path.name: path.read_bytes() for path in (tmp_path / "data").iterdir()} == before


def test_the_next_mirror_is_used_when_one_is_dead(mirror, tmp_path, monkeypatch):
    monkeypatch.setattr(download, "MIRRORS", ("http://127.0.0.1:9/", *download.MIRRORS))
    download_to(tmp_path / "data")
    assert len(list((tmp_path / "data").iterdir())) == 4


def test_without_a_network_the_sentence_says_what_to_do(mirror, tmp_path, monkeypatch):
    monkeypatch.setattr(download, "MIRRORS", ("http://127.0.0.1:9/",))
    fetch = BackgroundDownload(tmp_path / "data")
    fetch.start()
    fetch.wait(20)
    assert "could not be downloaded (http://127.0.0.1:9/: ConnectionError)" in fetch.error
    assert "Check the network" in fetch.error
    assert fetch.progress < 1


def test_a_fetch_that_failed_can_be_started_again(mirror, tmp_path, monkeypatch):
    fetch = BackgroundDownload(tmp_path / "data")
    with monkeypatch.context() as dead:
        dead.setattr(download, "MIRRORS", ("http://127.0.0.1:9/",))
        fetch.start()
        fetch.wait(20)
    fetch.start()
    fetch.wait(20)
    assert (fetch.progress, fetch.error) == (1.0, "")


def test_the_home_is_filled_and_then_found(mirror, tmp_path, monkeypatch, arrays):
    monkeypatch.delenv("MNIST_PATH", raising=False)
    monkeypatch.setenv("DIGIT_LAB_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    (tmp_path / "home" / "data").mkdir(parents=True)
    (tmp_path / "home" / "data" / "mnist.npz").write_bytes(b"damaged")
    assert mnist.load().source.name == "embedded"
    fetcher = mnist.MnistDownload()
    fetcher.start()
    fetcher.wait(20)
    found = mnist.load()
    assert found.source.name == "home"
    assert len(found.training) == 40


def test_a_disk_that_cannot_be_written_is_reported(mirror, tmp_path):
    (tmp_path / "file").write_text("")
    fetch = BackgroundDownload(tmp_path / "file" / "data")
    fetch.start()
    fetch.wait(20)
    assert "could not be written" in fetch.error

"""What every page says about the data: which set it shows, and one sentence if that set cannot be read."""

import pytest

from core.data import mnist
from pages.shared import caches, data_status, visitor
from pages.shared.frame import PAGES
from tests.app.page import button, rerun
from tests.unit.data.conftest import arrays  # noqa: F401
from tests.unit.data.test_download import mirror  # noqa: F401


@pytest.fixture
def cold():
    """The data is read again for this test, and again for whoever comes after it."""
    caches.data.clear()
    yield
    caches.data.clear()


@pytest.mark.parametrize("name", [page.name for page in PAGES])
def test_a_data_set_that_cannot_be_read_is_one_sentence_on_every_page(open_page, cold, tmp_path, monkeypatch, name):
    (tmp_path / "mnist.npz").write_bytes(b"no data")
    monkeypatch.setenv("MNIST_PATH", str(tmp_path / "mnist.npz"))
    app = open_page(name)
    assert not app.exception
    assert len(app.error) == 1
    assert "mnist.npz is damaged or no MNIST file" in app.error[0].value
    assert len(app.title) == 1


@pytest.mark.parametrize("name", [page.name for page in PAGES])
def test_a_home_where_nothing_can_be_kept_is_one_sentence_on_every_page(open_page, tmp_path, monkeypatch, name):
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("DIGIT_LAB_HOME", str(tmp_path / "file" / "home"))
    caches.store.clear()
    app = open_page(name)
    caches.store.clear()
    assert not app.exception
    assert len(app.error) == 1
    assert "set DIGIT_LAB_HOME to another" in app.error[0].value
    assert len(app.title) == 1


def test_a_mended_data_set_is_taken_at_the_next_look(open_page, cold, tmp_path, monkeypatch):
    monkeypatch.setenv("MNIST_PATH", str(tmp_path / "nothing.npz"))
    assert open_page("explore").error
    monkeypatch.setattr(mnist, "load", mnist.load_embedded)
    app = open_page("explore")
    assert not app.error
    assert any("5,000 real MNIST images" in text.value for text in app.markdown)


def test_the_full_set_is_fetched_behind_the_small_one_and_taken_when_it_is_there(
    open_page,
    cold,
    mirror,  # noqa: F811
    tmp_path,
    monkeypatch,
):
    monkeypatch.delenv("MNIST_PATH", raising=False)
    monkeypatch.setenv("DIGIT_LAB_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    data_status._downloader.clear()
    assert caches.data().source.name == "embedded"
    open_page("explore")  # begins to fetch
    data_status._downloader().wait(20)
    assert data_status._downloader().error == ""
    # In a browser the line looks every second; here a visit does.
    for _ in range(2):
        app = open_page("explore")
    assert not app.exception
    assert any("60 images, not MNIST's 70,000, from" in text.value for text in app.markdown)
    data_status._downloader.clear()


@pytest.mark.parametrize("spoil", ["a truncated file", "a folder"])
def test_a_download_that_a_damaged_copy_sits_beside_is_taken_and_the_data_is_read_twice_at_most(
    open_page,
    cold,
    mirror,  # noqa: F811
    tmp_path,
    monkeypatch,
    spoil,
):
    monkeypatch.delenv("MNIST_PATH", raising=False)
    monkeypatch.setenv("DIGIT_LAB_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    data_status._downloader.clear()
    data_status._reload_once.clear()
    plain = tmp_path / "home" / "data" / "train-images-idx3-ubyte"
    plain.parent.mkdir(parents=True)
    if spoil == "a folder":
        plain.mkdir()
    else:
        plain.write_bytes(b"\0\0\x08\x03\0\0")
    loads = []
    real_load = mnist.load
    monkeypatch.setattr(mnist, "load", lambda: (loads.append(1), real_load())[1])
    open_page("explore")
    data_status._downloader().wait(20)
    for _ in range(3):
        app = open_page("explore")
    assert any("60 images, not MNIST's 70,000, from" in text.value for text in app.markdown)
    assert len(loads) <= 2
    data_status._downloader.clear()
    data_status._reload_once.clear()


def test_a_download_that_cannot_be_read_is_reported_and_not_tried_for_ever(open_page, cold, tmp_path, monkeypatch):
    monkeypatch.delenv("MNIST_PATH", raising=False)
    monkeypatch.setenv("DIGIT_LAB_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setattr("core.data.download.download_to", lambda folder, progress: None)  # claims success
    data_status._downloader.clear()
    data_status._reload_once.clear()
    loads = []
    monkeypatch.setattr(mnist, "load", lambda: (loads.append(1), mnist.load_embedded())[1])
    open_page("explore")
    data_status._downloader().wait(20)
    for _ in range(4):
        app = open_page("explore")
    assert any("downloaded but cannot be read" in text.value for text in app.markdown)
    assert len(loads) <= 2
    data_status._downloader.clear()
    data_status._reload_once.clear()


def test_without_a_connection_the_note_says_what_to_do_and_can_be_dismissed(open_page, cold, tmp_path, monkeypatch):
    monkeypatch.delenv("MNIST_PATH", raising=False)
    monkeypatch.setenv("DIGIT_LAB_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setattr(visitor, "_secret", lambda: b"one browser")
    data_status._downloader.clear()
    data_status._dismissed.clear()
    open_page("explore")
    data_status._downloader().wait(20)
    app = open_page("explore")
    shown = " ".join(text.value for text in app.markdown)
    assert "could not be downloaded" in shown
    assert "train-images-idx3-ubyte.gz" in shown
    rerun(app, button(app, "Dismiss").click())
    reloaded = open_page("train")
    for page in (app, reloaded):
        assert "could not be downloaded" not in " ".join(text.value for text in page.markdown)
    monkeypatch.setattr(visitor, "_secret", lambda: b"another browser")
    assert "could not be downloaded" in " ".join(text.value for text in open_page("train").markdown)
    data_status._downloader.clear()
    data_status._dismissed.clear()

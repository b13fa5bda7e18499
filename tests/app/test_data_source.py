"""What every page says of the data: which set it shows, and one sentence where that set cannot be read."""

import pytest

from core import mnist
from pages.shared import caches
from pages.shared.frame import PAGES


@pytest.fixture
def cold():
    """The data is read anew for this test, and again for whoever comes after it."""
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


def test_a_mended_data_set_is_taken_at_the_next_look(open_page, cold, tmp_path, monkeypatch):
    monkeypatch.setenv("MNIST_PATH", str(tmp_path / "nothing.npz"))
    assert open_page("explore").error
    monkeypatch.setattr(mnist, "load", mnist.embedded)
    app = open_page("explore")
    assert not app.error
    assert any("5,000 real MNIST images" in text.value for text in app.markdown)

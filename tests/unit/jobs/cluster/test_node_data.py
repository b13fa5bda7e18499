"""The images of a node: it downloads them where it has none, and they must be those of the dashboard."""

from types import SimpleNamespace

import pytest

from core.data import download, mnist
from core.data.cache import fingerprint
from core.jobs.cluster import follower, node_data
from tests.small_run import wait_until
from tests.unit.data.conftest import arrays  # noqa: F401
from tests.unit.data.files_of_data import write_npz
from tests.unit.data.test_download import mirror  # noqa: F401
from tests.unit.jobs.stand_in import SHORT

LOAD = mnist.load  # the fixture `running` replaces it


@pytest.fixture
def dashboard(tmp_path, arrays, monkeypatch):  # noqa: F811
    """The data set of the dashboard: the same images as the mirror's, in another form."""
    (tmp_path / "dashboard").mkdir()
    monkeypatch.setenv("MNIST_PATH", str(write_npz(tmp_path / "dashboard", arrays)))
    return LOAD()


@pytest.fixture
def empty_node(dashboard, tmp_path, monkeypatch):
    """From now on this process is a node without images. Gives the folder for its data."""
    monkeypatch.delenv("MNIST_PATH")
    monkeypatch.setenv("DIGIT_LAB_HOME", str(tmp_path / "node"))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setattr(node_data, "mnist", SimpleNamespace(load=LOAD, download=mnist.download))
    return tmp_path / "node" / "data"


def test_a_node_without_images_downloads_those_of_the_dashboard_once(mirror, dashboard, empty_node, monkeypatch):  # noqa: F811
    assert node_data.refusal(fingerprint(dashboard)) == ""
    assert len(list(empty_node.glob("*.gz"))) == 4
    monkeypatch.setattr(download, "MIRRORS", ())
    assert node_data.refusal(fingerprint(dashboard)) == ""


def test_downloaded_images_that_differ_from_the_dashboards_are_refused(mirror, empty_node):  # noqa: F811
    sentence = node_data.refusal("0123456789abcdef")
    assert "has other images than the dashboard: 60 images" in sentence


def test_a_node_that_can_not_download_says_so(mirror, dashboard, empty_node, monkeypatch):  # noqa: F811
    monkeypatch.setattr(download, "MIRRORS", ("http://127.0.0.1:9/",))
    sentence = node_data.refusal(fingerprint(dashboard))
    assert "has no data to train on" in sentence
    assert "Check the network connection, or set MNIST_PATH" in sentence


def test_a_run_trains_on_a_node_that_downloads_and_starts_on_none_with_other_images(
    jobs, store, mirror, dashboard, embedded, empty_node, monkeypatch  # noqa: F811
):  # fmt: skip
    monkeypatch.setattr(follower, "mnist", SimpleNamespace(load=lambda: dashboard))
    run = jobs.submit(SHORT)
    wait_until(lambda: run.state == "finished")
    assert store.get(run.id).data_fingerprint == fingerprint(dashboard)
    assert len(list(empty_node.glob("*.gz"))) == 4
    monkeypatch.setattr(follower, "mnist", SimpleNamespace(load=lambda: embedded))
    other = jobs.submit(SHORT)
    wait_until(lambda: other.state == "failed")
    assert "has other images than the dashboard" in other.ended.reason
    assert other.started is None

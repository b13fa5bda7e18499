"""The dashboard's side of a cluster: which place is chosen, what it says, and that it never imports Ray."""

import subprocess
import sys

import pytest

from core.classroom import settings as server_settings
from core.errors import ConfigError
from core.jobs.cluster import node_data, settings
from core.jobs.cluster import place as place_module
from core.jobs.cluster.interface import Node
from core.jobs.cluster.place import ClusterPlace, choose
from core.jobs.cluster.records import Records, Status, runs_at_a_time
from core.jobs.cluster.settings import ClusterSettings
from core.jobs.places import Device
from core.jobs.worker_pool import WorkerPool
from tests.conftest import ROOT
from tests.unit.jobs.stand_in import SHORT


def test_without_an_address_runs_train_on_this_machine(store, monkeypatch):
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    assert isinstance(choose(store, spare=False), WorkerPool)
    assert runs_at_a_time(store.home, "auto") == 1


def test_the_address_comes_from_the_environment_or_from_the_settings(store, monkeypatch):
    server_settings.change(store.home, {"cluster_address": "lab-1:6379", "cluster_cpus": 2, "cluster_runs_per_gpu": 4})
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    assert settings.load(store.home) == ClusterSettings("lab-1:6379", 2, 0.25)
    monkeypatch.setenv("RAY_ADDRESS", "lab-2:6379")
    assert choose(store).address == "lab-2:6379"


@pytest.mark.parametrize("address", ["lab 1", "lab-1", "http://lab-1:6379/x", "ray://lab:1", "lab:1;rm"])
def test_a_wrong_address_is_a_sentence(store, monkeypatch, address):
    monkeypatch.setenv("RAY_ADDRESS", address)
    with pytest.raises(ConfigError, match="host:port"):
        choose(store)


def test_a_chosen_cluster_without_ray_says_so_and_runs_wait(store, monkeypatch):
    monkeypatch.setattr(place_module, "_has_ray", lambda: False)
    place = ClusterPlace(store, "lab-1:6379")
    place.refresh()
    assert "requirements-ray.txt" in place.problem()
    assert place.free() == {}
    assert place.devices() == []


def test_auto_takes_a_gpu_first_and_a_missing_gpu_is_left_to_the_worker(store):
    place = ClusterPlace(store)
    assert place.slots(SHORT.changed(device="gpu")) == ("cpu",)
    place.records.write_status(Status("", (Device("lab", "gpu", "H200", 1), Device("lab", "cpu", "CPU", 3))))
    assert place.slots(SHORT) == ("gpu", "cpu")
    assert place.slots(SHORT.changed(device="gpu")) == ("gpu",)
    assert place.slots(SHORT.changed(device="cpu")) == ("cpu",)


def test_a_search_proposes_as_many_runs_as_there_is_room(store, monkeypatch):
    monkeypatch.setenv("RAY_ADDRESS", "lab-1:6379")
    Records(store.home).write_status(Status("", (Device("a", "cpu", "CPU", 3), Device("b", "gpu", "GPU", 1))))
    assert runs_at_a_time(store.home, "auto") == 4


@pytest.mark.parametrize(
    ("node", "wanted", "room"),
    [
        (Node("a", "a", 8, 0), ClusterSettings("x"), {"cpu": 8, "gpu": 0}),
        (Node("a", "a", 8, 0), ClusterSettings("x", cpus=3), {"cpu": 2, "gpu": 0}),
        (Node("a", "a", 8, 2), ClusterSettings("x", gpu=1 / 3), {"cpu": 2, "gpu": 6}),
        (Node("a", "a", 1, 2), ClusterSettings("x"), {"cpu": 0, "gpu": 1}),
        (Node("a", "a", 0, 0), ClusterSettings("x"), {"cpu": 0, "gpu": 0}),
    ],
)
def test_a_run_on_a_gpu_takes_cpus_too(node, wanted, room):
    assert node.room(wanted) == room


def test_a_node_with_other_images_says_what_it_has(embedded, monkeypatch):
    monkeypatch.setattr(node_data.mnist, "load", lambda: embedded._replace(source=real_source(embedded)))
    assert node_data.refusal(node_data.fingerprint(embedded)) == ""
    sentence = node_data.refusal("0123456789abcdef")
    assert "other images" in sentence
    assert "MNIST_PATH" in sentence


def real_source(embedded):
    return type(embedded.source)("MNIST_PATH", "5,000 images from here.", complete=True)


def test_the_dashboard_never_imports_ray(store):
    script = (
        "import sys; from core.jobs.cluster.place import choose; from core.runs.store import RunStore; "
        "place = choose(RunStore()); place.free(); place.devices(); assert place.address; "
        "assert 'ray' not in sys.modules"
    )
    environment = {"RAY_ADDRESS": "lab-1:6379", "DIGIT_LAB_HOME": str(store.home), "PATH": ""}
    subprocess.run([sys.executable, "-c", script], cwd=ROOT, env=environment, check=True)

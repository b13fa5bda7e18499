"""The table of a cluster's machines, on Train and on This server."""

import pytest

from core.jobs import slots
from core.jobs.cluster.token_check import WARNING
from core.jobs.places import Device
from pages.shared import caches, places, server_settings
from tests.no_place import NoPlace
from tests.stand_in_gpus import installed
from tests.unit.jobs.stand_in import SHORT


class SomeCluster(NoPlace):
    address = "lab-1:6379"
    sentence = ""

    def devices(self):
        return [Device("lab-1", "gpu", "1 × H200", 2, self.runs), Device("lab-2 <b>", "cpu", "CPU (8 cores)", 1)]

    def problem(self):
        return self.sentence


@pytest.fixture
def cluster(store, monkeypatch):
    place = SomeCluster()
    place.runs = (store.create(SHORT, name="Mine & yours").id,)
    monkeypatch.setattr(caches.jobs(), "place", place)
    return place


def test_machines_devices_and_runs_are_listed_and_escaped(cluster):
    shown = places.table(cluster.devices())
    assert "lab-2 &lt;b&gt;" in shown
    assert "Mine &amp; yours<br><i>1 free</i>" in shown
    assert places.summary(cluster.devices(), 2).startswith("1 of 3 runs at a time. 2 runs wait.")


@pytest.mark.parametrize("page", ["train", "server"])
def test_the_table_is_offered_only_with_a_cluster(cluster, open_page, monkeypatch, page):
    labels = [box.label for box in open_page(page).expander]
    assert "Where runs train" in labels
    monkeypatch.setattr(caches.jobs(), "place", NoPlace())
    assert "Where runs train" not in [box.label for box in open_page(page).expander]


@pytest.mark.parametrize("teacher", [True, False])
def test_only_the_teacher_reads_that_the_cluster_has_no_token(cluster, open_page, monkeypatch, teacher):
    monkeypatch.setattr(cluster, "warning", lambda: WARNING, raising=False)
    monkeypatch.setattr(places, "is_teacher", lambda: teacher)
    assert [each.value for each in open_page("server").warning] == [WARNING] * teacher


@pytest.mark.parametrize("page", ["train", "server"])
def test_gpus_that_keras_cannot_use_are_named_where_runs_train(store, open_page, page):
    with installed(2):
        for name in ("gpu:0", "gpu:1"):
            slots.mark_unusable(name)
        app = open_page(page)
    assert any("Keras cannot use gpu:0 and gpu:1 of this machine" in each.value for each in app.warning)
    assert "Where runs train" not in [box.label for box in app.expander]  # there is only the CPU


def test_the_students_of_a_shared_server_do_not_read_it(store, open_page, monkeypatch):
    monkeypatch.setattr(server_settings, "is_shared", lambda: True)
    with installed(1):
        slots.mark_unusable("gpu:0")
        assert not open_page("server").warning


def test_a_waiting_run_says_why_the_cluster_takes_none(cluster, store, open_page):
    cluster.sentence = "The head node of the cluster does not answer. Runs wait until it does."
    run = store.create(SHORT, queued=True)
    app = open_page("train", run=run.id)
    assert any("does not answer" in info.value for info in app.info)
    run.queued_path.unlink()

"""A run on a GPU of a node: the GPU that Ray chose, and its part of the memory. The GPUs are stand-ins."""

import json

import pytest

from core.jobs.cluster import remote_run
from core.jobs.cluster.remote_run import Assignment, RemoteRun
from core.runs import file_names
from tests.small_run import wait_until
from tests.stand_in_gpus import installed
from tests.unit.jobs.stand_in import SHORT, STAND_IN


@pytest.mark.parametrize(("present", "name"), [(2, "gpu:1"), (1, "")])
def test_a_worker_on_a_node_sees_the_gpu_that_ray_chose_and_takes_its_part(store, monkeypatch, present, name):
    run = store.create(SHORT.changed(device="gpu"))
    monkeypatch.setattr(remote_run.node_data, "refusal", lambda fingerprint: "")
    with installed(present) as patch:
        patch.setenv("CUDA_VISIBLE_DEVICES", str(present - 1))  # as Ray does
        remote = RemoteRun(STAND_IN)
        facts = (run.folder / file_names.FACTS).read_bytes()
        given = Assignment(run.id, facts, b"", b"", {}, "", "gpu", "lab-1", runs_per_gpu=3)
        assert remote.begin(given) == ""
        wait_until(lambda: not remote._is_working())
        environment = json.loads((remote.home / "environments").read_text())
        assert environment["DIGIT_LAB_GPU"] == name
        assert environment["DIGIT_LAB_GPU_MEMORY"] == "0.3000"
        assert environment["CUDA_VISIBLE_DEVICES"] == str(present - 1)
        assert remote._usage.memory_used == present * 2**30
        remote.end()

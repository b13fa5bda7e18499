"""Which GPUs a process may use, from a driver that a test stands in for."""

import pytest

from core.devices import gpus
from tests.stand_in_gpus import forget, installed


@pytest.fixture
def three():
    with installed(3) as patch:
        yield patch


@pytest.mark.parametrize(
    ("chosen", "found"),
    [
        (None, [0, 1, 2]),
        ("", []),
        ("-1", []),
        ("2,0", [2, 0]),
        (" 1 , 2", [1, 2]),
        ("1,7,2", [1]),  # CUDA ends the list at the first entry that is no GPU
        ("1,1", [1]),
        ("GPU-0000-2", [2]),
        ("GPU-0000", []),  # it may be any of them
        ("GPU-1234", []),
        ("MIG-1234", []),
        ("9" * 5000, []),
    ],
)
def test_the_environment_chooses_gpus_as_in_cuda(three, chosen, found):
    if chosen is not None:
        three.setenv("CUDA_VISIBLE_DEVICES", chosen)
    assert [gpu.uuid for gpu in gpus.gpus()] == [f"GPU-0000-{number}" for number in found]
    assert gpus.are_several_installed()


def test_a_gpu_has_its_name_its_memory_and_its_own_load(three):
    _, second, _ = gpus.gpus()
    assert second == gpus.Gpu("GPU-0000-1", "Stand-in B (80 GiB)", 80 * gpus.GIB)
    assert gpus.load(second) == gpus.Load(0.2, 2 * gpus.GIB)


def test_a_divided_gpu_reports_no_load_and_an_old_driver_more_memory(three):
    nvml = gpus._nvml()

    def refuse(*_, **__):
        raise nvml.NVMLError

    whole = nvml.nvmlDeviceGetMemoryInfo
    three.setattr(nvml, "nvmlDeviceGetUtilizationRates", refuse)
    three.setattr(nvml, "nvmlDeviceGetMemoryInfo", lambda handle, version=None: refuse() if version else whole(handle))
    assert gpus.load(gpus.gpus()[0]) == gpus.Load(None, gpus.GIB)


def test_without_a_driver_there_is_no_gpu(three):
    three.setattr(gpus._nvml(), "nvmlInit", lambda: 1 / 0)
    forget()
    assert gpus.gpus() == ()
    assert not gpus.are_several_installed()

"""Which device computes, and what is said when it cannot."""

import sys
from types import SimpleNamespace

import keras
import pytest

from core import devices
from core.errors import DeviceError


def test_without_a_gpu_auto_and_cpu_compute_on_the_processor():
    if devices._gpu_names(keras.backend.backend()):
        pytest.skip("this machine has a GPU")
    for asked in ("auto", "cpu"):
        with devices.use_device(asked) as name:
            assert name == devices.cpu_name()
            assert name.startswith("CPU (")
            assert "core" in name


def test_asking_for_a_gpu_that_is_not_there_says_what_to_do(monkeypatch):
    monkeypatch.setattr(devices, "_gpu_names", lambda backend: [])
    with pytest.raises(DeviceError, match=r"No usable GPU .*Choose auto.* Received: 'gpu'"), devices.use_device("gpu"):
        pass


def test_usage_without_a_gpu_is_the_processors(monkeypatch):
    monkeypatch.setattr(devices, "_nvml_gpu", lambda: None)
    usage = devices.usage()
    assert usage.name == devices.cpu_name()
    assert 0 <= usage.utilization <= 1
    assert 0 < usage.memory_used < usage.memory_total


@pytest.mark.parametrize(("old_driver", "used"), [(False, 2), (True, 3)])
def test_usage_of_a_gpu_is_read_from_nvml_without_the_drivers_own_part_where_it_is_known(monkeypatch, old_driver, used):
    def memory(handle, version=None):
        if version and old_driver:
            raise nvml.NVMLError
        return SimpleNamespace(used=(2 if version else 3) * devices.GIB, total=141 * devices.GIB)

    nvml = SimpleNamespace(
        NVMLError=type("NVMLError", (Exception,), {}),
        nvmlMemory_v2=2,
        nvmlDeviceGetMemoryInfo=memory,
        nvmlDeviceGetUtilizationRates=lambda handle: SimpleNamespace(gpu=87),
        nvmlDeviceGetName=lambda handle: "NVIDIA H200",
    )
    monkeypatch.setattr(devices, "_nvml_gpu", lambda: (nvml, object()))
    assert devices.usage() == devices.Usage("NVIDIA H200 (141 GiB)", 0.87, used * devices.GIB, 141 * devices.GIB)
    assert devices.usage(processor=True).name == devices.cpu_name()

    def divided(handle):
        raise nvml.NVMLError

    nvml.nvmlDeviceGetUtilizationRates = divided
    assert devices.usage().utilization is None


def test_usage_is_known_where_keras_is_not_loaded():
    import subprocess

    code = "import sys; from core import devices; devices.usage(); sys.exit('keras' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


@pytest.mark.parametrize(
    ("error", "full"),
    [
        (MemoryError(), True),
        (RuntimeError("RESOURCE_EXHAUSTED: Out of memory while trying to allocate 9 bytes"), True),
        (RuntimeError("OOM when allocating tensor with shape[8192,4096]"), True),
        (ValueError("shapes do not match"), False),
    ],
)
def test_running_out_of_memory_is_distinguished_from_other_errors(error, full):
    assert devices.is_out_of_memory(error) is full

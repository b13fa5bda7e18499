"""Which device computes, and what is said when it cannot."""

import sys

import keras
import pytest

from core.devices import computing, gpus
from core.errors import DeviceError
from tests.stand_in_gpus import installed


def test_without_a_gpu_auto_and_cpu_compute_on_the_processor():
    if computing._gpu_names(keras.backend.backend()):
        pytest.skip("this machine has a GPU")
    for asked in ("auto", "cpu"):
        with computing.use_device(asked) as name:
            assert name == computing.cpu_name()
            assert name.startswith("CPU (")
            assert "core" in name


@pytest.mark.parametrize(
    ("asked", "installed_gpus", "sentence"),
    [
        ("gpu", 0, "This machine has no GPU. Choose auto or cpu."),
        ("gpu:2", 0, "This machine has no GPU, so there is no gpu:2. Choose auto or cpu."),
        (
            "gpu",
            2,
            "Keras cannot use gpu:0 and gpu:1 of this machine. Choose auto or cpu, or install GPU support "
            "(README: With a GPU).",
        ),
        (
            "gpu:1",
            2,
            "Keras cannot use gpu:1. This machine has gpu:0 and gpu:1. Choose auto or cpu, or install GPU support "
            "(README: With a GPU).",
        ),
        (
            "gpu:7",
            2,
            "This machine has no gpu:7. It has gpu:0 and gpu:1. Choose auto or cpu, or install GPU support "
            "(README: With a GPU).",
        ),
    ],
)
def test_a_gpu_that_keras_cannot_use_is_named_with_those_that_are_there(monkeypatch, asked, installed_gpus, sentence):
    monkeypatch.setattr(computing, "_gpu_names", lambda backend: [])
    with installed(installed_gpus), pytest.raises(DeviceError) as refused, computing.use_device(asked):
        pass
    assert refused.value.sentence == f"{sentence} {computing.COPY_RUN}"
    assert "Use these settings" in refused.value.sentence


def test_a_gpu_that_keras_cannot_use_is_named_as_the_process_was_given_it(monkeypatch):
    monkeypatch.setattr(computing, "_gpu_names", lambda backend: [])
    with installed(2) as patch:
        patch.setenv("CUDA_VISIBLE_DEVICES", "GPU-0000-1")
        patch.setenv("DIGIT_LAB_GPU", "gpu:1")
        with (
            pytest.raises(DeviceError, match=r"^Keras cannot use gpu:1 of this machine\."),
            computing.use_device("gpu:1"),
        ):
            pass


def test_a_run_counts_as_one_on_the_processor_if_keras_cannot_use_any_gpu():
    with installed(3):  # the third is of the same kind as the first
        first, second, third = gpus.gpus()
        gpus.mark_unusable(first)
        gpus.mark_unusable(first)
        assert [gpus.is_usable(gpu) for gpu in (first, second, third)] == [False, True, False]
        assert computing.device_kind("auto") == "gpu"
        gpus.mark_unusable(second)
        assert computing.device_kind("auto") == computing.device_kind("gpu") == "cpu"


def test_a_backend_that_fails_to_answer_leaves_the_reason_to_the_run(monkeypatch):
    monkeypatch.setattr(computing, "_gpu_names", lambda backend: 1 / 0)
    assert computing.has_usable_gpu()
    monkeypatch.setattr(computing, "_gpu_names", lambda backend: [])
    assert not computing.has_usable_gpu()


def test_usage_without_a_gpu_is_the_processors():
    usage = computing.usage()
    assert usage.name == computing.cpu_name()
    assert 0 <= usage.utilization <= 1
    assert 0 < usage.memory_used < usage.memory_total


def test_a_gpu_that_was_given_to_a_process_is_named_as_the_dashboard_names_it():
    with installed(2) as patch:
        assert computing._shown_names(["A", "B"]) == ["Stand-in A (80 GiB), gpu:0", "Stand-in B (80 GiB), gpu:1"]
        patch.setenv("CUDA_VISIBLE_DEVICES", "GPU-0000-1")
        patch.setenv("DIGIT_LAB_GPU", "gpu:1")
        assert computing._shown_names(["B"]) == ["Stand-in B (80 GiB), gpu:1"]
    with installed(1):
        assert computing._shown_names(["A"]) == ["Stand-in A (80 GiB)"]


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="TensorFlow's own way")
def test_a_run_that_shares_a_gpu_takes_only_its_part_of_the_memory(monkeypatch):
    import tensorflow as tf

    limits, growing = [], []
    monkeypatch.setattr(tf.config, "get_visible_devices", lambda kind: ["card"])
    monkeypatch.setattr(tf.config.experimental, "get_device_details", lambda card: {})
    monkeypatch.setattr(tf.config.experimental, "set_memory_growth", lambda card, on: growing.append(card))
    monkeypatch.setattr(
        tf.config, "set_logical_device_configuration", lambda card, parts: limits.append(parts[0].memory_limit)
    )
    with installed(1) as patch:
        assert computing._gpu_names("tensorflow") == ["Stand-in A (80 GiB)"]
        assert (limits, growing) == ([], ["card"])
        for name, value in computing.memory_share(4).items():
            patch.setenv(name, value)
        computing._gpu_names("tensorflow")
    assert (limits, growing) == ([int(0.225 * 80 * 1024)], ["card"])


def test_usage_is_known_where_keras_is_not_loaded():
    import subprocess

    code = "import sys; from core.devices import computing; computing.usage(); sys.exit('keras' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_a_gpu_with_a_number_that_is_not_there_names_those_that_are(monkeypatch):
    monkeypatch.setattr(computing, "_gpu_names", lambda backend: ["one", "two"])
    with pytest.raises(DeviceError, match=r"no gpu:2. It has gpu:0 and gpu:1"), computing.use_device("gpu:2"):
        pass


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
    assert computing.is_out_of_memory(error) is full

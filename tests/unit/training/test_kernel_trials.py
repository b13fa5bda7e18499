"""Whether XLA tries several kernels on a GPU. The driver is a stand-in: nothing computes on it."""

import os
import subprocess
import sys

import pytest

from core import process_settings
from core.config.recipes import RECIPES
from core.config.run_config import RunConfig
from core.training import kernel_trials
from tests.conftest import ROOT
from tests.stand_in_gpus import installed

OFF = "--xla_gpu_autotune_level=0"


@pytest.fixture
def one_gpu():
    with installed(1) as patch:
        patch.setenv("XLA_FLAGS", "--xla_cpu_prefer_vector_width=512")
        patch.delenv("KERAS_BACKEND", raising=False)
        yield patch


def flags_after(config: RunConfig) -> str:
    kernel_trials.skip_for_dense(config)
    return os.environ["XLA_FLAGS"]


@pytest.mark.parametrize("recipe", ["chollet", "quickstart", "ten-epochs", "dli", "first-steps"])
def test_the_tutorials_networks_are_compiled_without_trials(one_gpu, recipe):
    assert flags_after(RECIPES[recipe].config) == f"--xla_cpu_prefer_vector_width=512 {OFF}"
    assert flags_after(RECIPES[recipe].config).count(OFF) == 1


@pytest.mark.parametrize(
    "config",
    [RECIPES["best"].config, RECIPES["fast"].config, RunConfig(augmentation=0.5), RunConfig(device="cpu")],
)
def test_convolutions_redrawn_images_and_a_cpu_keep_them(one_gpu, config):
    assert OFF not in flags_after(config)


def test_jax_and_the_users_own_value_win(one_gpu):
    one_gpu.setenv("XLA_FLAGS", "--xla_gpu_autotune_level=4")
    assert flags_after(RunConfig()) == "--xla_gpu_autotune_level=4"
    one_gpu.setenv("XLA_FLAGS", "")
    one_gpu.setenv("KERAS_BACKEND", "jax")
    assert flags_after(RunConfig()) == ""


@pytest.mark.slow
def test_a_worker_sets_flags_after_the_import_of_keras_and_tensorflow_reads_them(tmp_path):
    """The flag of the test, which writes what is compiled into a folder, also counts on a CPU."""
    code = (
        "import os; from core import process_settings; process_settings.apply(); "
        "from core.jobs.worker import prepare_keras; prepare_keras(); "
        "os.environ['XLA_FLAGS'] += ' --xla_dump_to=' + os.environ['DUMP']; "
        "from core.training import warmup; warmup.warm_up_process()"
    )
    environment = {**os.environ, **process_settings.CPU_ONLY, "DUMP": str(tmp_path / "dump")}
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, check=True, timeout=120)
    assert list((tmp_path / "dump").iterdir())

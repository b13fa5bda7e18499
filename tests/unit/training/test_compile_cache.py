"""Compiled programs are kept between runs: a known network starts sooner, trains the same. Damaged files are unused."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from core.training import compile_cache
from tests.conftest import ROOT

TRAINS = """
import hashlib, sys
from pathlib import Path
from core.data import mnist
from core.training import compile_cache
from core.training.keras_import import import_keras
compile_cache.enable(Path(sys.argv[1]), on_gpu=False)
import_keras()
from core.config.run_config import RunConfig
from core.training.trainer import train
data = mnist.load_embedded()
data = data._replace(train=data.train[:300], validation=data.validation[:10], test=data.test[:10])
weights = train(RunConfig(units=8, epochs=1), data, lambda event: None).model.get_weights()
compile_cache.write_digests(Path(sys.argv[1]))
print(hashlib.sha256(b"".join(weight.tobytes() for weight in weights)).hexdigest())
"""


def training(folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", TRAINS, str(folder)], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def trained(process: subprocess.Popen[str]) -> str:
    output, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors[-3000:]
    return output.strip()


@pytest.mark.slow
def test_a_kept_program_trains_the_same_bits_and_a_damaged_one_is_compiled_again(tmp_path):
    whole, damaged = tmp_path / "whole", tmp_path / "damaged"
    weights = trained(training(whole))
    shutil.copytree(whole, damaged)
    (program,), (cut_short,) = whole.rglob("*.pb"), damaged.rglob("*.pb")
    written = program.stat().st_mtime_ns
    cut_short.write_bytes(program.read_bytes()[:50_000])
    for process in [training(whole), training(damaged)]:  # side by side
        assert trained(process) == weights
    assert program.stat().st_mtime_ns == written, "it was compiled once more"
    assert cut_short.stat().st_size == program.stat().st_size, "the damaged one was left as it was"


def test_what_was_never_sealed_and_the_oldest_of_too_many_go(tmp_path, monkeypatch):
    monkeypatch.setattr(compile_cache, "MAX_PROGRAMS", 2)
    place = tmp_path / compile_cache._machine_id()
    place.mkdir()
    for number in range(3):
        (place / f"{number}.pb").write_bytes(bytes(number))
        os.utime(place / f"{number}.pb", (number, number))
    compile_cache.write_digests(tmp_path)
    (place / "unsealed.pb").write_bytes(b"cut sh")
    compile_cache.remove_damaged(place)
    assert not (place / "unsealed.pb").exists()
    assert len(list(place.glob("*.pb"))) == len(list(place.glob("*.sha256"))) == 1  # of the newest two, one unsealed


def test_a_digest_that_is_no_text_is_one_that_does_not_match(tmp_path):
    place = tmp_path / compile_cache._machine_id()
    place.mkdir()
    (place / "one.pb").write_bytes(b"program")
    (place / "one.sha256").write_bytes(b"\xff")
    compile_cache.remove_damaged(place)
    assert list(place.iterdir()) == []


def test_the_oldest_of_too_many_programs_of_jax_go(tmp_path, monkeypatch):
    monkeypatch.setattr(compile_cache, "MAX_JAX_PROGRAMS", 2)
    for number in range(3):
        (tmp_path / f"{number}-cache").touch()
        os.utime(tmp_path / f"{number}-cache", (number, number))
    compile_cache.remove_oldest(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["1-cache", "2-cache"]


def test_jax_takes_from_the_disk_what_an_earlier_process_compiled(tmp_path):
    pytest.importorskip("jax")
    code = f"""
from pathlib import Path
from core.training import compile_cache
compile_cache.enable(Path({str(tmp_path)!r}), on_gpu=False)
import jax
told = []
jax.monitoring.register_event_listener(lambda event, **_: told.append(event))
print(jax.jit(lambda x: x * x + 1)(3.0), "/jax/compilation_cache/cache_hits" in told)
"""
    # Another test may have woken a worker in this process, which named a folder of its own.
    mine = {name: value for name, value in os.environ.items() if not name.startswith("JAX_")}
    environment = {**mine, "JAX_PLATFORMS": "cpu"}

    def output() -> str:
        command = [sys.executable, "-c", code]
        return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True).stdout

    assert output().split() == ["10.0", "False"]
    assert output().split() == ["10.0", "True"]
    (program,) = [path for path in tmp_path.rglob("*-cache") if "lambda" in path.name]
    program.write_bytes(program.read_bytes()[:100])
    assert output().split() == ["10.0", "False"]  # and not what a file cut short would have it say


def test_a_home_with_a_space_in_its_path_keeps_no_programs(tmp_path, monkeypatch):
    monkeypatch.setenv("TF_XLA_FLAGS", "")
    monkeypatch.setenv("JAX_COMPILATION_CACHE_DIR", "")
    monkeypatch.setenv("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "1")
    compile_cache.enable(tmp_path / "Jane Doe", on_gpu=False)
    assert os.environ["TF_XLA_FLAGS"] == ""
    compile_cache.enable(tmp_path / "Jane", on_gpu=False)
    assert str(tmp_path / "Jane") in os.environ["TF_XLA_FLAGS"]

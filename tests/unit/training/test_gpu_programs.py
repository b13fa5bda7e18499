"""Whether a GPU's programs may be kept is tried once. The driver is a stand-in, and the processor trains."""

import os
from pathlib import Path

import pytest

from core.training import compile_cache, gpu_programs
from tests.stand_in_gpus import installed


@pytest.fixture
def one_gpu():
    with installed(1) as patch:
        patch.setenv("TF_XLA_FLAGS", "")
        yield patch


def folder_of(home: Path) -> Path:
    folder = compile_cache.folder_for_gpu(home)
    folder.mkdir()
    return folder


def test_a_gpu_has_a_folder_of_its_own_for_each_kind_and_driver(one_gpu, tmp_path):
    first = folder_of(tmp_path)
    one_gpu.setattr("core.devices.gpus.driver_version", lambda: "600.0")
    assert compile_cache.folder_for_gpu(tmp_path) != first
    with installed(2):  # of two kinds
        assert compile_cache.folder_for_gpu(tmp_path) is None


def test_tensorflow_uses_it_only_once_it_was_seen_to_work(one_gpu, tmp_path):
    folder = folder_of(tmp_path)
    one_gpu.setenv("JAX_COMPILATION_CACHE_DIR", "")
    one_gpu.setenv("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "1")
    compile_cache.enable(tmp_path, on_gpu=True)
    assert os.environ["TF_XLA_FLAGS"] == ""
    (folder / compile_cache.WORKS).touch()
    compile_cache.enable(tmp_path, on_gpu=True)
    assert str(folder) in os.environ["TF_XLA_FLAGS"]
    (folder / "program.pb").write_bytes(b"program")
    compile_cache.write_digests(tmp_path)
    assert (folder / "program.sha256").exists()
    (folder / "program.pb").write_bytes(b"damaged")
    compile_cache.enable(tmp_path, on_gpu=True)
    assert not (folder / "program.pb").exists()


@pytest.mark.parametrize(
    ("weights", "sentence"),
    [
        (["a", ""], "failed"),
        (["a", "b"], "other weights"),
        (["a", "a"], "It works"),
    ],
)
def test_what_was_seen_is_kept(tmp_path, monkeypatch, weights, sentence):
    left = iter(weights)

    def train(programs: Path) -> str:
        if not list(programs.iterdir()):
            (programs / "program.pb").touch()
        return next(left)

    monkeypatch.setattr(gpu_programs, "_train", train)
    assert sentence in gpu_programs.attempt(tmp_path)
    assert sentence in (tmp_path / gpu_programs.TRIED).read_text()
    assert (tmp_path / compile_cache.WORKS).exists() == (sentence == "It works")


def test_a_program_that_is_compiled_again_is_no_cache(tmp_path, monkeypatch):
    monkeypatch.setattr(gpu_programs, "_train", lambda programs: "a")
    assert "did not use" in gpu_programs.attempt(tmp_path)


def test_it_is_not_tried_twice(one_gpu, tmp_path, monkeypatch):
    started = []
    monkeypatch.setattr(gpu_programs, "home", lambda: tmp_path)
    monkeypatch.setattr(gpu_programs, "start_process", lambda command, *_: started.append(command))
    gpu_programs.start_trial()
    (folder,) = (tmp_path / "programs").iterdir()
    assert started[0][-1] == str(folder)
    (folder / gpu_programs.TRIED).touch()
    gpu_programs.start_trial()
    assert len(started) == 1


@pytest.mark.slow
def test_two_processes_try_it(one_gpu, tmp_path):
    assert gpu_programs.main(str(tmp_path)) == 0
    assert "It works" in (tmp_path / gpu_programs.TRIED).read_text()

"""`python -m core.jobs.worker`: a process that trains a run. It imports TensorFlow, then reads a run's id from stdin.

Before that, the dashboard may send the config that will probably be trained, as one line of JSON; the worker compiles
its network. If stdin ends while the worker waits, the dashboard is gone and the worker exits. While it trains, it does
not read: it outlives the dashboard, writes to the run's folder and exits with the run, which frees the device's memory.
Only after a run of a sweep it waits: if another seed comes, nothing is imported or compiled again (`kept_workers`).
Several ids in one line are seeds that train in one call (`packing`).
"""

import json
import os
import select
import signal
import sys
from contextlib import suppress
from pathlib import Path

from core import process_settings
from core.config.run_config import RunConfig
from core.devices import gpus
from core.devices.computing import device_kind, has_usable_gpu
from core.errors import RunError
from core.files import open_regular
from core.home import home
from core.jobs import slots
from core.jobs.kept_workers import THEN_WAIT
from core.jobs.recorder import RunRecorder
from core.runs.store import RunStore, describe
from core.training import compile_cache, gpu_programs, kernel_trials, warmup
from core.training.keras_import import import_keras
from core.training.warmup import WarmNetwork

_MAX_PRINTED = 2**20  # bytes


def main() -> None:
    """Waits for a run's id and trains that run; then for another seed of it, if there is one."""
    process_settings.apply()
    process_settings.lower_priority(process_settings.KERAS_NICE)
    prepare_keras()
    if slots.LEAVE_WITHOUT_GPU in sys.argv and gpus.gpus() and not has_usable_gpu():
        sys.exit(slots.NO_USABLE_GPU)
    if not _has_input():  # there is time to prepare
        warmup.warm_up_process()
        gpu_programs.start_trial()
    warm: WarmNetwork | None = None
    first = ""  # the id of the run that this process trained first
    while command := _read_command():
        if not command.startswith("{"):
            run_ids = command.removesuffix(THEN_WAIT).split()
            if len(run_ids) > 1:
                _train_together(run_ids, first)
            else:
                warm = _train(run_ids[0], warm, first)
            first = first or run_ids[0]
            if not command.endswith(THEN_WAIT):
                return
        elif not _has_input():
            warm = warmup.warm_up_network(RunConfig.from_dict(json.loads(command)))
            gpu_programs.start_trial()
            print(f"Ready for {describe(warm.config)}." if warm else "Compiling in advance failed.", flush=True)


def prepare_keras(device: str = "auto") -> None:
    """Imports Keras for a run of this process, and lets it use the programs that earlier runs compiled."""
    compile_cache.enable(home() / "programs", on_gpu=device_kind(device) == "gpu")
    import_keras()


def _read_command() -> str:
    """The next line from the dashboard: a run's id, or a config as JSON; empty if the dashboard is gone.

    It reads byte by byte: `_has_input` would not see what Python has buffered.
    """
    line = bytearray()
    while (byte := os.read(0, 1)) not in (b"", b"\n"):
        line += byte
    return line.decode().strip()


def _has_input() -> bool:
    return bool(select.select([0], [], [], 0)[0])


def _train(run_id: str, warm: WarmNetwork | None, first: str) -> WarmNetwork | None:
    """Trains a run. Returns its network, for another seed; None if the training failed. first: as in `_log_to`."""
    store = RunStore()
    run = store.get(run_id)
    _log_to(run.log_path, first)
    kernel_trials.skip_for_dense(run.config)
    recorder = RunRecorder(store, run_id, warm=warm)
    signal.signal(signal.SIGTERM, lambda *_: recorder.stop())
    recorder.run(claim=True)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    return recorder.warm


def _train_together(run_ids: list[str], first: str) -> None:
    """Trains several seeds of one config in one call. first: as in `_log_to`."""
    from core.jobs.pack_recorder import PackRecorder

    store, runs = RunStore(), []
    for run_id in run_ids:
        with suppress(RunError):  # it was removed from the queue just now
            runs.append(store.get(run_id))
    if not runs:
        return
    _log_to(runs[0].log_path, first)
    there = f"This run trained in one call with other seeds. The log of the run {runs[0].id} has the messages.\n"
    for run in runs[1:]:
        os.close(_append(run.log_path, there.encode()))
    kernel_trials.skip_for_dense(runs[0].config)
    recorder = PackRecorder(store, [run.id for run in runs])
    signal.signal(signal.SIGTERM, lambda *_: recorder.stop())
    recorder.run(claim=True)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _log_to(path: Path, first: str) -> None:
    """Sends what this process prints to the run's own log. TensorFlow names devices and problems only once.

    So the log begins with what the process has printed before. first: the id of the run that it trained before others;
    then the log only says where these messages are.
    """
    found_in = f"This process trained the run {first} first. The log of that run has the messages from its start.\n"
    before = found_in.encode() if first else _printed_so_far()
    file = _append(path, before)
    for stream in (1, 2):
        os.dup2(file, stream)
    os.close(file)


def _append(path: Path, text: bytes) -> int:
    """Writes at the end of a log, and returns its descriptor."""
    file = open_regular(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    with suppress(OSError):  # a full disk: the run itself will report it
        os.write(file, text)
    return file


def _printed_so_far() -> bytes:
    """What the dashboard's file has of this process. On a cluster it printed to the log of its first run already."""
    sys.stdout.flush()
    with suppress(OSError):  # a pipe, or a file that it may only write
        return os.pread(1, _MAX_PRINTED, 0)
    return b""


if __name__ == "__main__":
    main()

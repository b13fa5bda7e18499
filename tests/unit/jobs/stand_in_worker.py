"""A worker for tests of the queue: it treats files and locks as `core.jobs.worker` does.

It learns nothing.
"""

import os
import sys
import time

from core.devices import device_slot
from core.files import Lock
from core.jobs.kept_workers import THEN_WAIT
from core.runs.control import ControlReader
from core.runs.events import BatchDone, EpochDone, Paused, RunEnded, Started
from core.runs.store import RunStore
from core.runs.timeline import EventFile


def main() -> None:
    store = RunStore()
    while line := sys.stdin.readline().strip():
        if line.startswith("{"):
            with (store.home / "warmed_up").open("a") as file:
                file.write(f"{line}\n")
            continue
        run_id, _, then = line.partition(" ")
        train(store, run_id)
        if then != THEN_WAIT:
            return


def train(store: RunStore, run_id: str) -> None:
    run = store.get(run_id)
    if run.name == "dies":
        sys.exit(3)
    file = EventFile(run.events_path)
    lock = run.lock
    assert lock.acquire({"pid": os.getpid(), "after": file.size})
    (run.folder / "queued").unlink()
    device = Lock(store.device_path(device_slot(run.config.device)))
    assert device.acquire({"run": run.id}), "two runs on one device"
    control = ControlReader(run)
    done = len(run.epochs)
    file.append(Started(time.time(), "CPU", 1, 10, 0, 1, run.config.epochs, from_epoch=done))
    outcome = "finished"
    for epoch in range(done + 1, run.config.epochs + 1):
        if control.is_paused(epoch - 1):
            file.append(Paused(epoch - 1, epoch - 1, epoch - 1))
        while control.is_paused(epoch - 1):
            time.sleep(0.02)
        if control.should_stop():
            outcome = "stopped"
            break
        for event in (BatchDone(epoch, epoch, 1, epoch, 1.0, 0.5, 100.0), EpochDone(epoch, epoch, epoch, 1, 0.5, 0.1)):
            file.append(event)
        run.state_path.write_bytes(b"kept")
        time.sleep(0.02)
    file.append(RunEnded(outcome, "", time.time(), len(run.epochs)))
    file.close()
    with (store.home / "trained_by").open("a") as processes:
        processes.write(f"{os.getpid()}\n")
    device.release()
    lock.release()


main()

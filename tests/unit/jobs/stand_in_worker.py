"""A worker for tests of the queue: it treats files and locks as `core.jobs.worker` does.

It learns nothing.
"""

import os
import sys
import time

from core.devices import device_slot
from core.files import Lock
from core.runs.control import ControlReader
from core.runs.events import BatchDone, EpochDone, Paused, RunEnded, Started
from core.runs.store import RunStore
from core.runs.timeline import EventFile


def main() -> None:
    store = RunStore()
    while (run_id := sys.stdin.readline().strip()).startswith("{"):
        with (store.home / "warmed_up").open("a") as file:
            file.write(f"{run_id}\n")
    if not run_id:
        return
    run = store.get(run_id)
    if run.name == "dies":
        sys.exit(3)
    file = EventFile(run.events_path)
    assert run.lock.acquire({"pid": os.getpid(), "after": file.size})
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


main()

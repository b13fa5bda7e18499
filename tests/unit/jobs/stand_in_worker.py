"""A worker for tests of the queue: it treats files and locks as `core.jobs.worker` does.

It learns nothing. STAND_IN_UNUSABLE holds the UUIDs of GPUs that Keras could not use.
"""

import json
import os
import sys
import time

from core.devices import gpus
from core.jobs import slots
from core.jobs.kept_workers import THEN_WAIT
from core.runs.control import ControlReader
from core.runs.events import BatchDone, EpochDone, Paused, RunEnded, Started
from core.runs.store import RunStore
from core.runs.timeline import EventFile

EPOCH_SECONDS = float(os.environ.get("STAND_IN_EPOCH_SECONDS", "0.02"))


def main() -> None:
    store = RunStore()
    if any(gpu.uuid in os.environ.get("STAND_IN_UNUSABLE", "") for gpu in gpus.gpus()[:1]):
        sys.exit(slots.NO_USABLE_GPU)
    while line := sys.stdin.readline().strip():
        if line.startswith("{"):
            with (store.home / "warmed_up").open("a") as file:
                file.write(f"{line}\n")
            continue
        run_ids = line.removesuffix(THEN_WAIT).split()
        for run_id in run_ids:
            train(store, run_id, len(run_ids))
        if not line.endswith(THEN_WAIT):
            return


def train(store: RunStore, run_id: str, together: int) -> None:
    run = store.get(run_id)
    if run.name == "dies":
        sys.exit(3)
    file = EventFile(run.events_path)
    lock = run.lock
    assert lock.acquire({"pid": os.getpid(), "after": file.size})
    (run.folder / "queued").unlink()
    (slot,) = slots.slots_for(run.config.device)
    places = [slots.lock(store, slot, place) for place in range(slot.capacity)]
    held = next((place for place in places if place.acquire({"run": run.id}, timeout=0.5)), None)
    assert held, "more runs in one slot than it has places"
    control = ControlReader(run)
    done = len(run.epochs)
    name = f"{slot.gpu.name}, {os.environ.get('DIGIT_LAB_GPU')}" if slot.gpu else "CPU"
    with (store.home / "environments").open("a") as environments:
        environments.write(f"{json.dumps({'run': run.id, **os.environ})}\n")
    file.append(Started(time.time(), name, 1, 10, 0, 1, run.config.epochs, done, together=together))
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
        time.sleep(EPOCH_SECONDS)
    file.append(RunEnded(outcome, "", time.time(), len(run.epochs)))
    file.close()
    with (store.home / "trained_by").open("a") as processes:
        processes.write(f"{os.getpid()}\n")
    held.release()
    lock.release()


main()

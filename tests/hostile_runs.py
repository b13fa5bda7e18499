"""Run folders as they must never be: links, pipes, strange values. Each function spoils one run folder."""

import json
import os
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from core.config.run_config import RunConfig
from core.runs.store import Run

STRANGE_FACTS = {
    "an infinite colour": {"colour": float("inf")},
    "a colour of 400 digits": {"colour": 10**400},
    "a time of 400 digits": {"created": 10**400},
    "a time that is no number": {"created": float("nan")},
    "a time after the last year": {"created": 1e15},
    "a name that is a list": {"name": ["x"]},
    "an endless forecast": {"forecast_seconds": float("inf")},
    "units of 400 digits": {"config": {"units": 10**400}},
    "layers of a megabyte": {"config": {"network": "dense8-" * 150_000}},
    "a config that is a list": {"config": [1]},
}
STRANGE_EVENTS = {
    "an epoch that is text": {"event": "Started", "from_epoch": "x", "from_step": "y"},
    "a time that is a list": {"event": "Started", "time": [1]},
    "endless batches": {"event": "Started", "batches": 10**400},
    "an epoch that is no number": {"event": "EpochDone", "epoch": "x"},
    "a list for a loss": {"event": "EpochDone", "loss": [1]},
    "a negative step": {"event": "BatchDone", "step": -5},
    "seconds without end": {"event": "EpochDone", "seconds": float("inf")},
    "an unknown outcome": {"event": "RunEnded", "outcome": ["x"]},
    "a reason that is a number": {"event": "RunEnded", "reason": 5},
    "an accuracy that is text": {"event": "RunEnded", "test_accuracy": "high"},
}
STRANGE_JSON = {"deep": b"[" * 100_000, "number": b"5", "list": b"[1]", "nan": b"NaN", "rubbish": b"\xff\xfe{"}
KNOWN_VALUES = {
    "Started": {
        "time": 1.0, "device": "CPU", "parameters": 10, "train_images": 100, "validation_images": 10, "batches": 5,
        "epochs": 2, "from_epoch": 0,
    },
    "BatchDone": {
        "step": 1, "epoch": 1, "batch": 1, "seconds": 0.1, "loss": 1.0, "accuracy": 0.5, "images_per_second": 9.0,
    },
    "EpochDone": {"step": 5, "epoch": 1, "seconds": 0.5, "loss": 1.0, "accuracy": 0.5, "learning_rate": 0.001},
    "RunEnded": {"outcome": "finished", "reason": "", "time": 2.0, "epochs": 1},
}  # fmt: skip


def write_facts(run: Run, **facts: object) -> None:
    path = run.folder / "run.json"
    path.write_text(json.dumps({**json.loads(path.read_bytes()), **facts}))


def write_events(run: Run, *events: dict[str, object]) -> None:
    lines = [json.dumps({**KNOWN_VALUES[str(event["event"])], **event}) + "\n" for event in events]
    run.events_path.write_text("".join(lines))


def link(run: Run, name: str, target: Path) -> None:
    (run.folder / name).unlink(missing_ok=True)
    (run.folder / name).symlink_to(target)


def pipe(run: Run, name: str) -> None:
    (run.folder / name).unlink(missing_ok=True)
    os.mkfifo(run.folder / name)


def bomb(path: Path, size: int = 2**33) -> None:
    """An archive of some hundred bytes whose one array announces `size` bytes."""
    header = np.lib.format.magic(1, 0) + b"\x76\x00"
    text = f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({size // 4},), }}"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("told.npy", header + text.ljust(0x75).encode() + b"\n")


def spoiled(make: Callable[..., Run]) -> list[Run]:
    """One run for each strange value in a file of a run folder. The names of all of them are "strange"."""
    runs = []
    for facts in STRANGE_FACTS.values():
        run = make(RunConfig())
        write_facts(run, **facts)
        runs.append(run)
    for event in STRANGE_EVENTS.values():
        run = make(RunConfig())
        write_events(run, {"event": "Started"}, {"event": "EpochDone"}, event, {"event": "RunEnded"}, event)
        runs.append(run)
    for content in STRANGE_JSON.values():
        for name in ("run.json", "queued", "control.json", "test_set.json", "summary.json", "events.jsonl", "lock"):
            run = make(RunConfig())
            write_events(run, {"event": "Started"}, {"event": "EpochDone"}, {"event": "RunEnded"})
            (run.folder / name).write_bytes(content)
            runs.append(run)
    run = make(RunConfig())
    (run.folder / "epochs" / "1².npz").write_bytes(b"x")
    (run.folder / "epochs" / "99999999999999999999.npz").write_bytes(b"x")
    (run.folder / "test_set.json").write_text('{"opened": 5}')
    for name in ("glimpse.npz", "state.npz", "stopped.npz", "epochs/0001.npz"):
        bomb(run.folder / name)
    (run.folder / "model.keras").write_bytes(b"PK")
    write_events(run, {"event": "Started"}, {"event": "EpochDone"}, {"event": "RunEnded"})
    runs.append(run)
    for network in ("conv8x28-conv8x28", "pool28-pool28"):  # the knobs are known, the layers do not fit together
        run = make(RunConfig())
        write_facts(run, config={"network": network})
        write_events(run, {"event": "Started"}, {"event": "EpochDone"}, {"event": "RunEnded"})
        (run.folder / "model.keras").write_bytes(b"PK")
        runs.append(run)
    return runs

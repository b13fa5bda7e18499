"""The names in a run's folder, and the most bytes that each file may have."""

import re

MIB = 2**20
MAX_FACTS_BYTES, MAX_EVENTS_BYTES, MAX_WEIGHTS_BYTES = 8 * MIB, 1024 * MIB, 4096 * MIB

FACTS, QUEUED, LOCK, CONTROL = "run.json", "queued", "lock", "control.json"
EVENTS, MODEL = "events.jsonl", "model.keras"
STATE, STOPPED_STATE, PREVIEW = "state.npz", "stopped.npz", "glimpse.npz"
SUMMARY, CURVE, TEST_SET = "summary.json", "curve.npy", "test_set.json"
LOG = "worker.log"  # written and never read by the project
EPOCHS, MOMENTS, EVALUATIONS = "epochs", "moments", "evaluations"

MAX_BYTES = {
    FACTS: MAX_FACTS_BYTES,
    QUEUED: 4096,
    LOCK: 4096,
    CONTROL: MAX_FACTS_BYTES,
    EVENTS: MAX_EVENTS_BYTES,
    MODEL: MAX_WEIGHTS_BYTES,
    STATE: MAX_WEIGHTS_BYTES,
    STOPPED_STATE: MAX_WEIGHTS_BYTES,
    PREVIEW: 64 * MIB,
    SUMMARY: MAX_FACTS_BYTES,
    CURVE: MIB,
    TEST_SET: MAX_FACTS_BYTES,
}
FOLDERS = (EPOCHS, MOMENTS, EVALUATIONS)
EPOCH_FILE = re.compile(r"([0-9]{4})\.npz")
MOMENT_FILE = re.compile(r"([0-9]{8})\.npz")

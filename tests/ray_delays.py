"""How long points and requests of a run travel between its node and the dashboard's folder, both on this machine."""

import tempfile
import time
from bisect import bisect_left
from pathlib import Path

from core.runs.control import ControlRequests
from core.runs.run import Run
from tests.small_run import wait_until

_LOOK_SECONDS = 0.004  # between two looks at a file


def folder_on_node(run: Run) -> Path:
    """Where the worker of a run on the cluster writes."""
    (folder,) = Path(tempfile.gettempdir()).glob(f"digit-lab-run-*/runs/{run.id}")
    return folder


def point_delays(run: Run, number: int) -> list[float]:
    """Seconds from a write of the worker until the dashboard's folder has all of it, for so many writes."""
    there, here = folder_on_node(run) / "events.jsonl", run.events_path
    written, arrived = [(0.0, _size(there))], [(0.0, 0)]
    while len(written) <= number or arrived[-1][1] < written[number][1]:
        for path, seen in ((there, written), (here, arrived)):
            if (size := _size(path)) > seen[-1][1]:
                seen.append((time.monotonic(), size))
        time.sleep(_LOOK_SECONDS)
    sizes = [size for _, size in arrived]
    return [arrived[bisect_left(sizes, size)][0] - at for at, size in written[1 : number + 1]]


def request_delays(run: Run, number: int) -> list[float]:
    """Seconds from a visitor's request until the worker can read it, for so many: pause, step, rate, continue."""
    there, requests = folder_on_node(run) / "control.json", ControlRequests(run)
    kinds = (requests.pause, requests.step, lambda: requests.learning_rate(0.0005), requests.resume)
    delays = []
    for count in range(number):
        kinds[count % len(kinds)]()
        asked, content = time.monotonic(), run.control_path.read_bytes()
        wait_until(lambda: there.exists() and there.read_bytes() == content)  # noqa: B023
        delays.append(time.monotonic() - asked)
        time.sleep(0.05 + 0.03 * (count % 7))  # at all moments of the exchange
    return delays


def _size(path: Path) -> int:
    return path.stat().st_size

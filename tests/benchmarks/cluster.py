"""What a Ray cluster brings and costs: throughput on one and two nodes, the time to the first point, idle memory.

`python -m tests.benchmarks.cluster`: on one machine, with nodes of one core each. A run there computes with one thread.
"""

import argparse
import os
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import psutil

from core.classroom.visitors import Visitor
from core.jobs import repeat
from core.jobs.cluster.place import choose
from core.jobs.places import Place
from core.jobs.scheduler import Scheduler
from core.network.forecast import Forecast
from core.runs.store import Run, RunStore
from tests.benchmarks.machine import describe
from tests.ray_cluster import end_bridge, nodes, wait_for_bridge
from tests.small_run import SMALL, wait_until

RAYS = ("raylet", "gcs_server", "ray/_private", "ray::")  # in the command lines of Ray's own processes


def throughput(store: RunStore, place: Place, runs: int, *, together: bool = False) -> float:
    """Seconds from the first Start until `runs` small runs have finished. together: as seeds of one config."""
    jobs = Scheduler(store, place)
    began = time.monotonic()
    if together:
        made = repeat.start(
            jobs, SMALL.changed(seed=100), runs, visitor=Visitor("a" * 12, ""), expected=Forecast(1.0, 0, 0)
        )
    else:
        made = [jobs.submit(SMALL.changed(seed=seed)) for seed in range(runs)]
    wait_until(lambda: all(run.state == "finished" for run in made), 600)
    seconds = time.monotonic() - began
    jobs.close()
    return seconds


def first_point(store: RunStore, place: Place, *, warm_seconds: float = 0.0) -> float:
    """Seconds from Start to the first point. warm_seconds: how long a waiting worker may prepare before."""
    jobs = Scheduler(store, place)
    if warm_seconds:
        jobs.warm_up(SMALL)
        time.sleep(warm_seconds)
    began = time.monotonic()
    run = jobs.submit(SMALL)
    wait_until(lambda: run.step > 0, 120)
    seconds = time.monotonic() - began
    wait_until(lambda: run.state == "finished", 120)
    jobs.close()
    return seconds


def point_delays(store: RunStore, place: Place) -> list[float]:
    """Seconds between a point's time on the node and the moment when it is in the dashboard's folder, 20 times."""
    jobs = Scheduler(store, place)
    run = jobs.submit(SMALL.changed(epochs=300))
    wait_until(lambda: len(run.epochs) > 2, 120)
    delays = [_delay(run) for _ in range(20)]
    jobs.stop(run.id)
    wait_until(lambda: run.state == "stopped", 60)
    jobs.close()
    return delays


def _delay(run: Run) -> float:
    """How old the newest point is when it arrives; both sides read the clock of this machine."""
    (there,) = Path(tempfile.gettempdir()).glob(f"digit-lab-run-*/runs/{run.id}/events.jsonl")
    before = run.events_path.stat().st_size
    wait_until(lambda: there.stat().st_size > before)
    written, size = time.monotonic(), there.stat().st_size
    wait_until(lambda: run.events_path.stat().st_size >= size)
    return time.monotonic() - written


def memory(words: tuple[str, ...]) -> float:
    """MB that processes whose command line has one of `words` use alone; what they share is left out."""
    total = 0
    for process in psutil.process_iter():
        try:
            command = " ".join(process.cmdline())
            if any(word in command for word in words) and process.pid != os.getpid():
                total += process.memory_full_info().uss
        except psutil.Error:
            continue
    return total / 1e6


def _row(name: str, value: str) -> None:
    """A line of the table, printed at once: whoever stops the benchmark keeps what it measured."""
    print(f"| {name} | {value} |", flush=True)


def pin(cluster: Any) -> None:
    """Gives each node a core of its own, as if it were a machine with one: all that it starts inherits this."""
    for node, core in zip(cluster.list_all_nodes(), sorted(os.sched_getaffinity(0)), strict=False):
        raylet = psutil.Process(node.all_processes["raylet"][0].process.pid)
        for process in (raylet, *raylet.children(recursive=True)):
            process.cpu_affinity([core])


def measure_machine(store: RunStore, runs: int) -> None:
    """The lines of the table without Ray."""
    os.environ.pop("RAY_ADDRESS", None)
    cold = [first_point(store, choose(store, spare=False)) for _ in range(3)]
    _row("Start to first point, this machine, no waiting worker", f"{statistics.median(cold):.1f} s")
    warm = first_point(store, choose(store), warm_seconds=15.0)
    _row("Start to first point, this machine, a worker waits", f"{warm:.1f} s")
    local = throughput(store, choose(store, spare=False), runs)
    _row(f"{runs} small runs on this machine without Ray, one at a time, all cores", f"{local:.0f} s")


def measure_cluster(store: RunStore, runs: int, number: int) -> None:
    """The lines of the table with `number` nodes."""
    with nodes(number) as cluster:
        pin(cluster)
        place = choose(store)
        place.refresh()
        wait_for_bridge(place)
        _row(f"idle: Ray's processes, {number} nodes", f"{memory(RAYS):.0f} MB")
        if number == 1:
            _row("idle: the bridge", f"{memory(('core.jobs.cluster.bridge',)):.0f} MB")
            there = [first_point(store, choose(store)) for _ in range(3)]
            _row("Start to first point, Ray", f"{statistics.median(there):.1f} s")
            delays = point_delays(store, choose(store))
            way = f"median {statistics.median(delays):.2f} s, longest {max(delays):.2f} s"
            _row("a point's way to the dashboard", way)
        took = throughput(store, choose(store), runs)
        _row(f"{runs} small runs, {number} nodes with a core each", f"{took:.0f} s")
        took = throughput(store, choose(store), runs, together=True)
        _row(f"the same as {runs} seeds of one config", f"{took:.0f} s")
        end_bridge(store)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=12)
    parser.add_argument("--skip-machine", action="store_true", help="only the cluster")
    asked = parser.parse_args()
    print(describe("ray", "psutil"))
    print("\n| what | measured |\n|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        store = RunStore(Path(folder))
        if not asked.skip_machine:
            measure_machine(store, asked.runs)
        for number in (1, 2):
            measure_cluster(store, asked.runs, number)


if __name__ == "__main__":
    main()

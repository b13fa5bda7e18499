"""How fast a cluster's runs are live: points from a node to the dashboard's folder and to the chart, requests back.

`python -m tests.benchmarks.cluster_delays [--writes 300] [--requests 100]`: two nodes of one core each on this machine.
The chart is that of a real Chromium, which paints without a graphics card.
"""

import argparse
import json
import os
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from core.jobs.cluster.place import choose
from core.jobs.scheduler import Scheduler
from core.runs.control import ControlRequests
from core.runs.run import Run
from core.runs.store import RunStore
from tests.benchmarks.machine import chromium_path, describe
from tests.browser.conftest import FLAGS, Server, wait_idle
from tests.ray_cluster import end_bridge, nodes, wait_for_bridge
from tests.ray_delays import folder_on_node, point_delays, request_delays
from tests.small_run import SMALL, wait_until

# The browser itself notes when its chart has how many points.
_CLOCK = """() => { window.seen = []; let last = 0;
    const look = () => { const plot = document.querySelector('.live-plot');
        const points = plot ? Number(plot.dataset.points) : 0;
        if (points > last) window.seen.push([Date.now() / 1000, last = points]);
        requestAnimationFrame(look); };
    look(); }"""


def row(name: str, delays: Sequence[float]) -> None:
    """A line of the table."""
    late = sum(delay > 0.5 for delay in delays)
    longest = statistics.quantiles(delays, n=20)[-1]
    print(
        f"| {name} | {len(delays)} | {statistics.median(delays):.2f} s | {longest:.2f} s | {max(delays):.2f} s "
        f"| {late} |",
        flush=True,
    )


def chart_delays(run: Run, page: Page, seconds: float) -> list[float]:
    """Seconds from a point's write on the node until the chart has it, for all points of so many seconds."""
    file, written = folder_on_node(run) / "events.jsonl", list[float]()
    page.evaluate(_CLOCK)
    content, began = b"", time.time()
    while time.time() < began + seconds:
        with file.open("rb") as opened:
            opened.seek(len(content))
            new = opened.read()
        new = new[: new.rfind(b"\n") + 1]
        content += new
        points = sum(json.loads(line)["event"] == "BatchDone" for line in new.splitlines())
        written += [time.time()] * points
        time.sleep(0.004)
    page.wait_for_timeout(3000)
    seen = page.evaluate("window.seen")
    return [
        next(at for at, points in seen if points > index) - at_node
        for index, at_node in enumerate(written)
        if at_node > began + 1 and index < seen[-1][1]  # what was there before, nobody saw being written
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--writes", type=int, default=300)
    parser.add_argument("--requests", type=int, default=100)
    asked = parser.parse_args()
    print(
        describe("ray"), "\n\n| what | number | median | 95% under | longest | over 0.5 s |\n|---|---|---|---|---|---|"
    )
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home, nodes(), sync_playwright() as play:
        store = RunStore(Path(home))
        server = Server(store.home, RAY_ADDRESS=os.environ["RAY_ADDRESS"])
        jobs = Scheduler(store, choose(store))
        wait_for_bridge(jobs.place)
        # A network of usual size: it writes a point about every 50 ms, as most runs do.
        run = jobs.submit(SMALL.changed(epochs=500, units=256, train_images=20_000))
        wait_until(lambda: run.step > 0, 120)
        row("a point, from the node's file to the dashboard's", point_delays(run, asked.writes))
        row("a request, from the dashboard's file to the node's", request_delays(run, asked.requests))
        browser = play.chromium.launch(executable_path=chromium_path(), args=FLAGS)
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto(f"{server.url}/train?run={run.id}")
        wait_idle(page)
        page.wait_for_function("Number(document.querySelector('.live-plot')?.dataset.points) > 0")
        page.wait_for_timeout(3000)  # a page that has just been opened loads Plotly: one long frame
        row("a point, from the node's file to the chart", chart_delays(run, page, 40.0))
        browser.close()
        ControlRequests(run).stop()
        wait_until(lambda: not run.active)
        jobs.close()
        server.stop()
        end_bridge(store)


if __name__ == "__main__":
    main()

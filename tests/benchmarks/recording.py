"""The short recording in the README: a run is watched, then a digit is drawn for its network.

    MNIST_PATH=… .venv/bin/python -m tests.benchmarks.recording [docs/pictures/watch.webp]

Screenshots of a real dashboard, about eight a second, each shown as long as it was on screen. It needs a quiet machine:
a busy one makes the recording jerky.
"""

import argparse
import io
import tempfile
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import Page, sync_playwright

from core.runs.store import RunStore
from tests.benchmarks.machine import chromium_path
from tests.browser.conftest import FLAGS, Server, wait_idle

LINK = "/train?network=dense64-dense32&epochs=16&batch_size=128&validate_on=held-out"
WINDOW = {"width": 1440, "height": 980}  # controls, curves and network are in sight together
WIDTH = 900  # pixels of the recording
MAX_BYTES = 300_000
PER_SECOND = 8
WARM_UP = 20_000  # ms: the waiting worker has compiled the network
AFTER = 2.5  # seconds after a part has ended
# A 3 in shares of the canvas.
THREE = [(0.32, 0.24), (0.5, 0.18), (0.67, 0.27), (0.62, 0.42), (0.47, 0.48), (0.65, 0.54), (0.7, 0.7), (0.53, 0.82),
         (0.31, 0.76)]  # fmt: skip


class Recording:
    """Screenshots of a page, and how long each of them was on screen."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.pictures: list[Image.Image] = []
        self.seconds: list[float] = []

    def record(self, until: Callable[[], bool]) -> None:
        """Takes screenshots until `until` is true, at most `PER_SECOND` a second."""
        while not until():
            began = time.perf_counter()
            taken = Image.open(io.BytesIO(self.page.screenshot()))
            height = round(taken.height * WIDTH / taken.width)
            self.pictures.append(taken.convert("RGB").resize((WIDTH, height), Image.Resampling.LANCZOS))
            self.page.wait_for_timeout(max(0.0, 1000 * (1 / PER_SECOND - (time.perf_counter() - began))))
            self.seconds.append(time.perf_counter() - began)

    def record_for(self, seconds: float) -> None:
        """Takes screenshots for some seconds."""
        end = time.perf_counter() + seconds
        self.record(lambda: time.perf_counter() > end)

    def save(self, path: Path) -> int:
        """Writes an animated WebP of at most `MAX_BYTES`, as sharp as that allows; its size."""
        durations = [round(1000 * each) for each in self.seconds]
        for quality in (80, 70, 60, 50, 40, 30, 20):
            self.pictures[0].save(
                path,
                save_all=True,
                append_images=self.pictures[1:],
                duration=durations,
                loop=0,
                quality=quality,
                method=4,
                minimize_size=True,
            )
            if path.stat().st_size <= MAX_BYTES:
                break
        return path.stat().st_size


def watch(page: Page, recording: Recording, store: RunStore) -> str:
    """Records a run from before Start to the end of its film; the name of the run."""
    page.goto(LINK)
    wait_idle(page)
    page.wait_for_timeout(WARM_UP)  # nothing of this is recorded
    start = page.get_by_role("button", name="Start", exact=True)
    start.scroll_into_view_if_needed()
    recording.record_for(1.0)
    start.click()
    end = time.perf_counter() + 60
    recording.record(lambda: bool(_newest_ended(store)) or time.perf_counter() > end)
    recording.record_for(AFTER)
    return _newest_ended(store)


def draw(page: Page, recording: Recording, run: str) -> None:
    """Records how a 3 is drawn for this network."""
    page.goto(f"/draw?run={run}")
    surface = page.locator("canvas.upper-canvas").first
    surface.wait_for(timeout=60_000)
    wait_idle(page)
    page.wait_for_timeout(2000)
    box = surface.bounding_box()
    assert box
    points = np.array(THREE) * box["width"] + (box["x"], box["y"])
    page.mouse.move(*points[0])
    page.mouse.down()
    path = [start + (end - start) * share for start, end in pairwise(points)
            for share in np.linspace(0.2, 1, 5)]  # fmt: skip
    steps = iter(path)

    def moved() -> bool:
        step = next(steps, None)
        if step is not None:
            page.mouse.move(*step)
        return step is None

    recording.record(moved)
    page.mouse.up()
    recording.record_for(AFTER)


def _newest_ended(store: RunStore) -> str:
    ended = [run for run in store.runs() if run.ended and not run.shipped]
    return ended[0].id if ended else ""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("path", type=Path, nargs="?", default=Path("docs/pictures/watch.webp"))
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home, sync_playwright() as play:
        server = Server(Path(home))
        browser = play.chromium.launch(executable_path=chromium_path(), args=FLAGS)
        page = browser.new_page(base_url=server.url, viewport=WINDOW, color_scheme="light")  # type: ignore[arg-type]
        recording = Recording(page)
        run = watch(page, recording, RunStore(Path(home)))
        draw(page, recording, run)
        browser.close()
        server.stop()
    size = recording.save(asked.path)
    rate = len(recording.seconds) / sum(recording.seconds)
    print(f"{asked.path}: {size:,} bytes, {sum(recording.seconds):.0f} s, {rate:.1f} pictures a second")


if __name__ == "__main__":
    main()

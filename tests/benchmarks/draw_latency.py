"""How long from the end of a stroke to the bars, in a real browser: `python -m tests.benchmarks.draw_latency`.

On an idle server that nobody has asked anything, and on another one beside a run that trains; the first stroke is drawn
as soon as there is a canvas.

The canvas itself waits 200 ms for a further stroke before it sends anything.
"""

import time

import numpy as np
from playwright.sync_api import Page

from tests.benchmarks.canvas_page import PLACES, open_canvas
from tests.benchmarks.machine import describe
from tests.browser.conftest import stroke, wait_idle

STROKES = 24
_BARS = ".st-key-answer .softmax"
# The picture of what the network gets changes with every stroke; the bars come with it.
_CHANGED = f"before => document.querySelector('.pixels img')?.src !== before && !!document.querySelector('{_BARS}')"
_PICTURE = "document.querySelector('.pixels img')?.src ?? ''"


def main() -> None:
    print(describe())
    for training, place in PLACES.items():
        with open_canvas(training=training) as page:
            first = after_a_stroke(page, 0)
            seconds = [after_a_stroke(page, number) for number in range(1, STROKES + 1)]
        print(
            f"{place}: first stroke {first:.2f} s, "
            f"then {STROKES} strokes: median {np.median(seconds):.2f} s, p95 {np.quantile(seconds, 0.95):.2f} s",
            flush=True,
        )


def after_a_stroke(page: Page, number: int) -> float:
    """Seconds from lifting the pen to the bars."""
    if number % 4 == 0 and number:
        page.locator(".st-key-draw-clear button").click()
        page.wait_for_timeout(700)
        wait_idle(page)
    before = page.evaluate(_PICTURE)
    start = 60 + 12 * (number % 4)
    stroke(page, [(start, 60), (start + 120, 80 + 5 * (number % 7)), (start + 30, 230)])
    began = time.perf_counter()
    page.wait_for_function(_CHANGED, arg=before, polling="raf", timeout=60_000)
    return time.perf_counter() - began


if __name__ == "__main__":
    main()

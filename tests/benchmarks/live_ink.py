"""How closely the bars follow the pen, in a real browser: `python -m tests.benchmarks.live_ink`.

Lag: from a movement of the pen to the first bars whose ink was read after it. Idle, and beside a run that trains.
"""

import numpy as np
from playwright.sync_api import Page

from tests.benchmarks.canvas_page import PLACES, open_canvas
from tests.benchmarks.machine import describe
from tests.browser.conftest import wait_idle

STROKES, SECONDS = 5, 3.0
_WATCH = """() => {
  const host = [...document.querySelectorAll('.st-key-live-ink *')]
    .find(one => one.shadowRoot?.querySelector('.live-ink'));
  const panel = host.shadowRoot.querySelector('.live-ink');
  window.moves = []; window.shown = [];
  document.addEventListener('pointermove', event => event.buttons && window.moves.push(performance.now()), true);
  new MutationObserver(() => {
    const read = Number(panel.dataset.read);
    requestAnimationFrame(() => window.shown.push([read, performance.now()]));
  }).observe(panel, { attributes: true, attributeFilter: ['data-read'] });
}"""


def main() -> None:
    print(describe())
    for training, place in PLACES.items():
        with open_canvas(training=training) as page:
            wait_idle(page)
            draw(page, 1.0)  # the first stroke loads the network
            page.wait_for_timeout(2000)
            page.evaluate(_WATCH)
            rates, lags = [], []
            for _ in range(STROKES):
                page.evaluate("() => { window.moves = []; window.shown = []; }")
                seconds = draw(page, SECONDS)
                moves, shown = page.evaluate("() => [window.moves, window.shown]")
                rates.append(len(shown) / seconds)
                lags += [min((at for read, at in shown if read >= move), default=np.inf) - move for move in moves
                         if any(read >= move for read, _ in shown)]  # fmt: skip
                page.locator(".st-key-draw-clear button").click()
                page.wait_for_timeout(1000)
                wait_idle(page)
        print(
            f"{place}: {np.median(rates):.1f} updates per second "
            f"(lowest of {STROKES} strokes {min(rates):.1f}), lag median {np.median(lags):.0f} ms, "
            f"p95 {np.quantile(lags, 0.95):.0f} ms over {len(lags)} movements",
            flush=True,
        )


def draw(page: Page, seconds: float) -> float:
    """A spiral stroke with a movement about every 16 ms; the seconds that it took in the browser."""
    surface = page.locator("canvas.upper-canvas").first
    surface.scroll_into_view_if_needed()
    box = surface.bounding_box()
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(middle[0], middle[1])
    began = page.evaluate("performance.now()")
    page.mouse.down()
    at = 0.0
    while at < seconds:
        reach = box["width"] * (0.15 + 0.2 * at / seconds)
        page.mouse.move(middle[0] + reach * np.sin(3 * at), middle[1] + reach * np.cos(3 * at))
        page.wait_for_timeout(12)
        at = (page.evaluate("performance.now()") - began) / 1000
    page.mouse.up()
    return at


if __name__ == "__main__":
    main()

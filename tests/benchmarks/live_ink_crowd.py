"""Many people who draw at once: `python -m tests.benchmarks.live_ink_crowd [--clients 1 5 30] [--seconds 20]`.

Each client is a real session of the dashboard: a websocket that sends ink as the page's own script does, without a
browser, because thirty browsers would need more than this machine. A health request each half second shows whether
the server still answers others.
"""

import argparse
import asyncio
import base64
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import psutil

from pages.parts.draw.live_ink import SIDE
from tests.benchmarks import page_socket
from tests.benchmarks.machine import describe
from tests.benchmarks.page_socket import Address
from tests.browser.conftest import Server

COMPONENT = "digit_lab_live_ink"
MAX_WAITING = 2  # messages without an answer, as in live_ink.js
STROKE = 3.0  # seconds


class Panel(NamedTuple):
    """Where the live bars are in a session's page, and what they were sent last."""

    widget: str
    fragment: str
    data: dict[str, Any]


class Found(NamedTuple):
    """What one client saw."""

    answers: int
    lags: list[float]  # seconds from sending ink to its probabilities
    intervals: list[float]  # seconds that the server asked it to wait between two messages


def ink(share: float) -> str:
    """A 7 of which `share` is drawn, as the page's script sends it."""
    grey = np.zeros((SIDE, SIDE), np.uint8)
    corners = np.array([(14, 14), (42, 14), (24, 46)], float)
    for at in np.linspace(0, share, 60):
        place = corners[0] + (corners[1] - corners[0]) * min(1, 2 * at) + (corners[2] - corners[1]) * max(0, 2 * at - 1)
        x, y = place.astype(int)
        grey[y - 2 : y + 3, x - 2 : x + 3] = 255
    return base64.b64encode(grey).decode()


async def receive(socket: Any) -> Panel | str | None:
    """The live bars if the message draws them, the message's type otherwise; None for another element."""
    message = page_socket.read(await socket.recv())
    kind = message.WhichOneof("type")
    if kind != "delta":
        return str(kind)
    element = message.delta.new_element
    if element.WhichOneof("type") != "bidi_component" or element.bidi_component.component_name != COMPONENT:
        return None
    return Panel(element.bidi_component.id, message.delta.fragment_id, page_socket.data_of(element.bidi_component))


async def arrive(socket: Any) -> Panel:
    """Opens Draw, and returns when its live bars are there."""
    await socket.send(page_socket.request(Address("draw")))
    panel = None
    while True:
        got = await receive(socket)
        panel = got if isinstance(got, Panel) else panel
        if got == "script_finished" and panel:
            return panel


async def draw(url: str, seconds: float, number: int, ready: asyncio.Barrier) -> Found:
    async with page_socket.connect(url) as socket:
        panel = await arrive(socket)
        await ready.wait()
        sent: dict[int, float] = {}
        found, interval = Found(0, [], []), panel.data["interval"] / 1000
        began = time.perf_counter()
        last, seq = began - interval + 0.05 * np.random.default_rng(number).random(), 0
        while (now := time.perf_counter()) < began + seconds:
            if now >= last + interval and len(sent) < MAX_WAITING:
                last, seq = now, seq + 1
                sent[seq] = now
                share = ((now - began) % STROKE) / STROKE
                state = {"ink": {"session": number, "seq": seq, "side": SIDE, "pixels": ink(share)}}
                states = {panel.widget: ("json_value", state)}
                await socket.send(page_socket.request(Address("draw"), fragment=panel.fragment, states=states))
            try:
                got = await asyncio.wait_for(receive(socket), max(0.001, last + interval - time.perf_counter()))
            except TimeoutError:
                if time.perf_counter() > last + 2:  # lost: as in live_ink.js
                    sent.clear()
                continue
            if isinstance(got, Panel) and got.data.get("session") == number:
                interval = got.data["interval"] / 1000
                if got.data["shares"] and got.data["seq"] in sent:
                    found.lags.append(time.perf_counter() - sent[got.data["seq"]])
                sent = {each: at for each, at in sent.items() if each > got.data["seq"]}
                found.intervals.append(interval)
        return found._replace(answers=len(found.lags))


async def health(url: str, seconds: float) -> list[float]:
    """How long the server takes to answer somebody else, in seconds."""
    waits, began = [], time.perf_counter()
    while time.perf_counter() < began + seconds:
        asked = time.perf_counter()
        await asyncio.to_thread(lambda: urllib.request.urlopen(f"{url}/_stcore/health", timeout=30).read())
        waits.append(time.perf_counter() - asked)
        await asyncio.sleep(0.5)
    return waits


async def crowd(server: Server, clients: int, seconds: float) -> tuple[list[Found], list[float], float]:
    """What all clients saw, the waits of the health request, and how many cores the server used."""
    process, ready = psutil.Process(server.process.pid), asyncio.Barrier(clients + 1)

    async def measured() -> tuple[list[float], float]:
        await ready.wait()
        before = sum(process.cpu_times()[:2])
        waits = await health(server.url, seconds)
        return waits, (sum(process.cpu_times()[:2]) - before) / seconds

    drawing = [draw(server.url, seconds, number, ready) for number in range(1, clients + 1)]
    *found, (waits, cores) = await asyncio.gather(*drawing, measured())
    return found, waits, cores  # type: ignore[return-value]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clients", type=int, nargs="*", default=[1, 5, 30])
    parser.add_argument("--seconds", type=float, default=20)
    asked = parser.parse_args()
    print(describe())
    print(
        "| people who draw | updates a second each (lowest) | lag median, p95 | asked to wait | cores | other request |"
    )
    print("|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        server = Server(Path(home))
        for clients in asked.clients:
            found, waits, cores = asyncio.run(crowd(server, clients, asked.seconds))
            rates = [each.answers / asked.seconds for each in found]
            lags = np.array([lag for each in found for lag in each.lags]) * 1000
            wait = np.median([each for one in found for each in one.intervals])
            print(
                f"| {clients} | {np.median(rates):.1f} ({min(rates):.1f}) | {np.median(lags):.0f}, "
                f"{np.quantile(lags, 0.95):.0f} ms | {wait:.2f} s | {cores:.2f} | {1000 * max(waits):.0f} ms |",
                flush=True,
            )
        assert server.process.poll() is None, "the server has ended"
        memory = psutil.Process(server.process.pid).memory_info().rss / 1e6
        print(f"\nThe server runs on, with {memory:.0f} MB.")
        assert "Traceback" not in server.log.read_text()
        server.stop()


if __name__ == "__main__":
    main()

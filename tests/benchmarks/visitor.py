"""A visitor without a browser: one websocket that speaks Streamlit's own protocol, for benchmarks with many visitors.

It does what Streamlit's page does: it opens pages, keeps the timers of fragments, sends the states of widgets, and
fetches the pictures and files that a page names. It draws nothing.
"""

import asyncio
import re
import secrets
import time
import urllib.request
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

import websockets
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from tests.benchmarks import page_socket
from tests.benchmarks.page_socket import Address

_FILES = re.compile(rb"/media/[0-9a-f]{20,}\.[a-z0-9]{2,5}")
PATIENCE = 60.0  # seconds until a page that does not come counts as an error


@dataclass
class Page:
    """What the server has sent of the page that is open."""

    timers: dict[str, float] = field(default_factory=dict)  # fragment → seconds
    timed: set[str] = field(default_factory=set)  # the fragments that got a timer in the present run of the script
    started: set[str] = field(default_factory=set)  # the fragments whose timers run
    widgets: dict[str, tuple[str, str]] = field(default_factory=dict)  # a part of its key or name → id, fragment
    data: dict[str, Any] = field(default_factory=dict)  # component → what it was sent last
    files: set[bytes] = field(default_factory=set)
    said: list[str] = field(default_factory=list)  # in boxes with a message


@dataclass
class Visitor:
    """One browser tab. `errors` holds what a person would see as a failure; `pages` holds seconds for each page."""

    url: str
    number: int
    page: Page = field(default_factory=Page)
    at: Address = field(default_factory=lambda: Address("start"))
    pages: list[float] = field(default_factory=list)
    refreshes: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    received_bytes: int = 0
    seen_files: set[bytes] = field(default_factory=set)
    secret: str = field(default_factory=lambda: secrets.token_hex(16))

    async def __aenter__(self) -> "Visitor":
        self.socket = await page_socket.connect(
            self.url,
            additional_headers={"Cookie": f"digit_lab_visitor={self.secret}"},
            open_timeout=PATIENCE,
            ping_interval=None,
        )
        self._finished = asyncio.Event()
        self._arrived = asyncio.Condition()
        self._busy = asyncio.Lock()  # one script at a time, as the page of one person
        self._widget_states: dict[str, Any] = {}
        self._tasks = [asyncio.create_task(self._receive())]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._stop_timers()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.socket.close()

    async def open(self, name: str, query: str = "") -> float:
        """Opens a page; returns the seconds until its script has ended and its files are here."""
        async with self._busy:
            self._stop_timers()
            self.page, self.at, self._widget_states = Page(), Address(name, query), {}
            began = time.perf_counter()
            await self._run()
            await self._fetch_files()
            took = time.perf_counter() - began
        self.pages.append(took)
        self._start_timers()
        return took

    async def send(self, widget: str, value: Any, kind: str = "json_value", *, wait: bool = True) -> None:
        """Sends the new state of a widget; its fragment runs again, or the page if it is in none."""
        widget_id, fragment = self.page.widgets[widget]
        self._widget_states[widget_id] = (kind, value)
        if not wait:
            await self._send(fragment=fragment)
            return
        async with self._busy:
            await self._run(fragment=fragment)
            await self._fetch_files()
        self._start_timers()
        if kind == "trigger_value":
            del self._widget_states[widget_id]

    async def until(self, arrived: Any, seconds: float = PATIENCE) -> bool:
        """Waits until `arrived()` is true for what the server has sent; false if it takes too long."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds), self._arrived:
                await self._arrived.wait_for(arrived)
                return True
        return False

    async def _run(self, *, fragment: str = "", auto: bool = False) -> None:
        self._finished.clear()
        await self._send(fragment=fragment, auto=auto)
        try:
            await asyncio.wait_for(self._finished.wait(), PATIENCE)
        except TimeoutError:
            self.errors.append(f"{self.at.page} did not come within {PATIENCE:.0f} s")

    async def _send(self, *, fragment: str = "", auto: bool = False) -> None:
        states = self._widget_states
        await self.socket.send(page_socket.request(self.at, fragment, auto=auto, states=states))

    def _start_timers(self) -> None:
        for fragment in self.page.timers.keys() - self.page.started:
            self.page.started.add(fragment)
            self._tasks.append(asyncio.create_task(self._refresh(self.page, fragment, self.page.timers[fragment])))

    async def _refresh(self, page: Page, fragment: str, seconds: float) -> None:
        """The timer of one fragment, which the browser keeps."""
        while self.page is page:
            await asyncio.sleep(seconds)
            async with self._busy:
                if self.page is not page or fragment not in page.timers:
                    page.started.discard(fragment)
                    return
                began = time.perf_counter()
                await self._run(fragment=fragment, auto=True)
                await self._fetch_files()
                self.refreshes.append(time.perf_counter() - began)
            self._start_timers()

    def _stop_timers(self) -> None:
        self.page.timers.clear()

    async def _receive(self) -> None:
        try:
            async for content in self.socket:
                self.received_bytes += len(content)
                self._take(page_socket.read(content), content)  # type: ignore[arg-type]
                async with self._arrived:
                    self._arrived.notify_all()
        except Exception as error:  # else every page would wait for its messages until the end
            lost = isinstance(error, websockets.ConnectionClosed)
            self.errors.append(f"the connection was lost: {error}" if lost else repr(error)[:200])
            self._finished.set()

    def _take(self, message: ForwardMsg, content: bytes) -> None:
        kind = message.WhichOneof("type")
        self.page.files.update(_FILES.findall(content))
        if kind == "script_finished":
            if message.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN:  # else the script begins again
                self._finished.set()
            if message.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY:  # of the whole page: no other timer is left
                self.page.timers = {name: self.page.timers[name] for name in self.page.timers.keys() & self.page.timed}
        elif kind == "page_info_changed":
            self.at = replace(self.at, query=message.page_info_changed.query_string)
        elif kind == "navigation":
            self.at = replace(self.at, script=message.navigation.page_script_hash)
        elif kind == "new_session":
            self.page.timed.clear()
        elif kind == "auto_rerun":
            self.page.timed.add(message.auto_rerun.fragment_id)
            self.page.timers[message.auto_rerun.fragment_id] = message.auto_rerun.interval
        elif kind == "stop_auto_rerun":
            self.page.timers.pop(message.stop_auto_rerun.fragment_id, None)
        elif kind == "delta":
            self._take_element(message)

    def _take_element(self, message: ForwardMsg) -> None:
        element = message.delta.new_element
        kind, fragment = element.WhichOneof("type"), message.delta.fragment_id
        match kind:
            case "exception":
                self.errors.append(f"{self.at.page}: {element.exception.type}: {element.exception.message[:200]}")
            case "alert" if element.alert.format == element.alert.ERROR:
                self.errors.append(f"{self.at.page}: {element.alert.body[:200]}")
            case "alert":
                self.page.said.append(element.alert.body)
            case "bidi_component":
                name = element.bidi_component.component_name
                self.page.widgets[name] = element.bidi_component.id, fragment
                with suppress(ValueError, TypeError):
                    self.page.data[name] = page_socket.data_of(element.bidi_component)
            case "component_instance":
                self.page.widgets["canvas"] = element.component_instance.id, fragment
            case "button":
                self.page.widgets[element.button.label] = element.button.id, fragment
            case "html":
                if 'class="softmax"' in element.html.body:
                    self.page.data["softmax"] = element.html.body

    async def _fetch_files(self) -> None:
        """A browser fetches each file once."""
        for path in self.page.files - self.seen_files:
            self.seen_files.add(path)
            try:
                content = await asyncio.to_thread(self._get, path.decode())
                self.received_bytes += len(content)
            except OSError as error:
                self.errors.append(f"{self.at.page}: {path.decode()}: {error}")

    def _get(self, path: str) -> bytes:
        with urllib.request.urlopen(self.url + path, timeout=PATIENCE) as answer:
            return bytes(answer.read())

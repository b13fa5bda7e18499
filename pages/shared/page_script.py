"""A script that runs in the browser before Streamlit's own: the server writes it into the page that it sends.

What a page draws comes later: Streamlit has then added steps to the browser's history already.
"""

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pages.shared import browser_history
from pages.shared.visitor_cookie import opens_a_page

_HEAD = b"<head>"
# With these, the browser could keep a page without the script, or get a part of it, or one that is packed.
_NOT_ASKED = (b"if-none-match", b"if-modified-since", b"range", b"accept-encoding")
_NOT_ANSWERED = ("etag", "last-modified", "accept-ranges")


class PageScript:
    """Middleware: adds the script to each page that a browser opens."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not opens_a_page(scope):
            await self.app(scope, receive, send)
            return
        headers = [(name, value) for name, value in scope["headers"] if name.lower() not in _NOT_ASKED]
        await self.app({**scope, "headers": headers, "extensions": {}}, receive, _sender(send))


def _sender(send: Send) -> Send:
    """Passes on what an app answers. The body of a page is collected first, for its length changes."""
    held: list[Message] = []
    body = bytearray()

    async def send_with_script(message: Message) -> None:
        if message["type"] == "http.response.start" and _is_page(message):
            held.append(message)
            return
        if not held or message["type"] != "http.response.body":
            await send(message)
            return
        body.extend(message.get("body", b""))
        if message.get("more_body", False):
            return
        start, content = held.pop(), with_script(bytes(body))
        answered = MutableHeaders(scope=start)
        for name in _NOT_ANSWERED:
            del answered[name]
        answered["content-length"] = str(len(content))
        await send(start)
        await send({"type": "http.response.body", "body": content})

    return send_with_script


def with_script(page: bytes) -> bytes:
    """The page with the script as the first element of its head."""
    return page.replace(_HEAD, _HEAD + f"<script>{browser_history.SCRIPT}</script>".encode(), 1)


def _is_page(start: Message) -> bool:
    headers = Headers(raw=list(start.get("headers", ())))
    return start["status"] == 200 and headers.get("content-type", "").startswith("text/html")

"""What every answer of the server tells browsers, and what only this machine may ask for.

The headers are a second line behind the escaping of text: should a page ever show foreign markup, it can load nothing
from elsewhere, and no other website can show the dashboard in a frame.
"""

import ipaddress

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pages.shared import server_guard

# Streamlit's own page needs inline scripts and styles, and its components are built from blobs. Vega compiles formulas.
_CONTENT = {
    "default-src": "'self'",
    "script-src": "'self' 'unsafe-inline' 'unsafe-eval' 'wasm-unsafe-eval' blob: data:",
    "style-src": "'self' 'unsafe-inline'",
    "img-src": "'self' data: blob:",
    "font-src": "'self' data:",
    "media-src": "'self' data: blob:",
    "connect-src": "'self' data: blob:",
    "worker-src": "'self' blob:",
    "frame-src": "'self' data: blob:",
    "frame-ancestors": "'self'",
    "object-src": "'none'",
    "base-uri": "'self'",
    "form-action": "'self'",
}
HEADERS = {
    "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in _CONTENT.items()),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
_METRICS = "/_stcore/metrics"
_FORWARDED = ("forwarded", "x-forwarded-for", "x-real-ip")  # by a proxy: the request comes from another machine


class HttpGuard:
    """Middleware for all HTTP requests. Websockets pass: Streamlit checks their host and origin itself."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        refused = _refusal(scope)
        answer = PlainTextResponse(refused, 403) if refused else self.app
        await answer(scope, receive, send_with_headers)


def _refusal(scope: Scope) -> str:
    """Why a request is refused; empty if it is answered."""
    headers = Headers(scope=scope)
    if not server_guard.host_is_allowed(headers.get("host")):
        return "This server does not answer under this name."
    if scope["path"].rstrip("/").endswith(_METRICS) and not _is_from_this_machine(scope, headers):
        return "Only this machine may read the server's metrics."
    return ""


def _is_from_this_machine(scope: Scope, headers: Headers) -> bool:
    client = scope.get("client")
    if client is None or any(name in headers for name in _FORWARDED):
        return False
    try:
        return ipaddress.ip_address(client[0]).is_loopback
    except ValueError:
        return False

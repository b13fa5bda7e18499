"""The cookie that recognises a visitor: the server sets it with each page, so that no script can read it."""

import re
import secrets
from http.cookies import CookieError, SimpleCookie
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

NAME = "digit_lab_visitor"
_SECRET = re.compile(r"([0-9a-f]{2}){8,64}")
_BYTES = 32
_YEAR = 365 * 24 * 3600  # seconds


class VisitorCookie:
    """Sets the cookie whenever a browser opens a page: random, `HttpOnly`, `SameSite`, and `Secure` under TLS.

    A browser that has one keeps its secret for one more year.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not opens_a_page(scope):
            await self.app(scope, receive, send)
            return
        cookie = header(scope).encode("latin-1")

        async def send_with_cookie(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message.get("headers", ()), (b"set-cookie", cookie)]}
            await send(message)

        await self.app(scope, receive, send_with_cookie)


def header(scope: Scope) -> str:
    """The content of `Set-Cookie` for a request."""
    kept = _cookies(scope).get(NAME)
    secret = kept if is_secret(kept) else secrets.token_hex(_BYTES)
    parts = [f"{NAME}={secret}", f"Max-Age={_YEAR}", "Path=/", "HttpOnly", "SameSite=Lax"]
    return "; ".join([*parts, "Secure"] if _is_encrypted(scope) else parts)


def is_secret(value: Any) -> bool:
    """Whether a cookie has the form of ours."""
    return isinstance(value, str) and bool(_SECRET.fullmatch(value))


def opens_a_page(scope: Scope) -> bool:
    """Whether a browser asks for a page, and not for what belongs to one."""
    return scope["method"] == "GET" and "text/html" in _headers(scope).get("accept", "")


def _is_encrypted(scope: Scope) -> bool:
    """Whether the browser uses TLS. Who forges the proxy's header only loses the own cookie."""
    forwarded = _headers(scope).get("x-forwarded-proto", "").split(",")[0].strip().lower()
    return scope.get("scheme") == "https" or forwarded == "https"


def _headers(scope: Scope) -> dict[str, str]:
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}


def _cookies(scope: Scope) -> dict[str, str]:
    try:
        return {name: morsel.value for name, morsel in SimpleCookie(_headers(scope).get("cookie", "")).items()}
    except CookieError:
        return {}

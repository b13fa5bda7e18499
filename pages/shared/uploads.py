"""Files from visitors, as large as the box that takes them allows.

Streamlit 1.67 compares an upload with `server.maxUploadSize` alone, whatever its box allows: a picture of 15 MB ended
with "AxiosError: Request failed with status code 413". One large limit would let everybody fill the memory from every
page. So the server notes which sessions have seen a box for larger files.
"""

from collections import OrderedDict
from contextvars import ContextVar
from threading import Lock
from typing import Any

import streamlit as st
from starlette.types import ASGIApp, Receive, Scope, Send
from streamlit import config
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.uploaded_file_manager import UploadedFile
from streamlit.web.server.starlette import starlette_routes

_OPTION = "server.maxUploadSize"
_MAX_SESSIONS = 10_000  # remembered; a page that is drawn again notes its session again

_allowed: OrderedDict[str, int] = OrderedDict()  # session id → MB
_lock = Lock()
_of_request: ContextVar[int] = ContextVar("megabytes_of_request", default=0)


def box(label: str, types: list[str], *, megabytes: int, **options: Any) -> UploadedFile | None:
    """`st.file_uploader` for one file of at most so many MB. options: as Streamlit has them."""
    context = get_script_run_ctx()
    if context is not None:
        _allow(context.session_id, megabytes)
    file: UploadedFile | None = st.file_uploader(label, types, max_upload_size=megabytes, **options)
    return file


def _allow(session: str, megabytes: int) -> None:
    with _lock:
        _allowed[session] = max(megabytes, _allowed.pop(session, 0))  # the newest last
        while len(_allowed) > _MAX_SESSIONS:
            _allowed.popitem(last=False)


class UploadLimit:
    """Middleware: an upload may have what the boxes of its session allow."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        _, found, rest = scope.get("path", "").partition(f"/{starlette_routes.BASE_ROUTE_UPLOAD_FILE.strip('/')}/")
        if not found:
            await self.app(scope, receive, send)
            return
        with _lock:
            megabytes = _allowed.get(rest.split("/")[0], 0)
        before = _of_request.set(megabytes)
        try:
            await self.app(scope, receive, send)
        finally:
            _of_request.reset(before)


class _Settings:
    """Streamlit's settings as its routes read them."""

    def __getattr__(self, name: str) -> Any:
        return getattr(config, name)

    def get_option(self, name: str) -> Any:
        value = config.get_option(name)
        return max(value, _of_request.get()) if name == _OPTION else value


def apply() -> None:
    """Lets the route for uploads ask for the limit of each request; a second call does nothing."""
    if not isinstance(starlette_routes.config, _Settings):
        starlette_routes.config = _Settings()  # type: ignore[assignment]

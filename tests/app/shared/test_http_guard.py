"""What every answer tells browsers, and what only this machine may ask for."""

from typing import Any

import pytest
from streamlit import config

from pages.shared import http_guard, server_guard
from tests import own_loop


def ask(path: str = "/", client: str = "127.0.0.1", **headers: str) -> tuple[int, dict[str, str]]:
    """The status and the headers of the answer to one request."""
    sent: list[dict[str, Any]] = []

    async def app(scope, receive, send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"x-content-type-options", b"own")]})
        await send({"type": "http.response.body", "body": b"page"})

    async def run() -> None:
        given = {"host": "localhost:8501", **{name.replace("_", "-"): value for name, value in headers.items()}}
        pairs = [(name.encode(), value.encode()) for name, value in given.items()]
        scope = {"type": "http", "path": path, "headers": pairs, "client": (client, 5), "method": "GET"}

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        await http_guard.HttpGuard(app)(scope, None, send)  # type: ignore[arg-type]

    own_loop.run(run())
    start = sent[0]
    return start["status"], {name.decode(): value.decode() for name, value in start["headers"]}


def test_every_answer_forbids_frames_and_foreign_content_and_keeps_what_a_route_set():
    _, headers = ask()
    assert headers["x-content-type-options"] == "own"
    assert headers["x-frame-options"] == "SAMEORIGIN"
    assert headers["referrer-policy"] == "same-origin"
    policy = dict(part.split(" ", 1) for part in headers["content-security-policy"].split("; "))
    assert policy["frame-ancestors"] == "'self'"
    for name in ("default-src", "script-src", "img-src", "connect-src", "style-src", "font-src"):
        assert "http" not in policy[name], "nothing may be loaded from another server"
        assert "*" not in policy[name]


@pytest.mark.parametrize("path", ["/_stcore/metrics", "/lab/_stcore/metrics", "/_stcore/metrics/"])
def test_only_this_machine_reads_the_metrics_and_not_through_a_proxy(path):
    assert ask(path)[0] == 200
    assert ask(path, client="::1")[0] == 200
    assert ask(path, client="192.168.1.20")[0] == 403
    assert ask(path, client="")[0] == 403
    assert ask(path, x_forwarded_for="192.168.1.20")[0] == 403


def test_files_are_refused_under_a_foreign_name(monkeypatch):
    monkeypatch.setattr(server_guard, "_LOCAL_HOSTS", hosts := ["localhost"])
    before = config.get_option("server.allowedHosts")
    config.set_option("server.allowedHosts", hosts)
    try:
        assert ask(host="evil.example.org")[0] == 403
        assert ask(host="localhost:8501")[0] == 200
    finally:
        config.set_option("server.allowedHosts", before)


def test_websockets_pass():
    reached = []

    async def app(scope, receive, send) -> None:
        reached.append(scope["type"])

    own_loop.run(http_guard.HttpGuard(app)({"type": "websocket"}, None, None))  # type: ignore[arg-type]
    assert reached == ["websocket"]


def test_the_server_is_for_this_machine_and_checks_who_sends():
    """The settings that the documents promise."""
    assert config.get_option("server.enableXsrfProtection")
    assert config.get_option("server.enableCORS")
    assert not config.get_option("browser.gatherUsageStats")
    assert config.get_option("server.maxMessageSize") <= 25
    assert config.get_option("server.maxUploadSize") <= 10
    assert config.get_option("server.address") == "127.0.0.1"

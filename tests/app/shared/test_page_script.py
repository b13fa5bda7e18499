"""The script that is part of each page that the server sends."""

from typing import Any

from pages.shared import browser_history
from pages.shared.page_script import PageScript
from tests import own_loop

PAGE = b"<!DOCTYPE html><html><head><script src='streamlit.js'></script></head></html>"


def answer(kind: str = "text/html; charset=utf-8", status: int = 200, **asked: str) -> tuple[Any, dict, bytes, dict]:
    """Status, headers and body of one answer, and the headers with which the app was asked."""
    sent: list[dict[str, Any]] = []
    seen: dict[str, str] = {}

    async def app(scope, receive, send) -> None:
        seen.update({name.decode(): value.decode() for name, value in scope["headers"]})
        headers = [(b"content-type", kind.encode()), (b"etag", b'"old"'), (b"content-length", b"%d" % len(PAGE))]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": PAGE[:20], "more_body": True})
        await send({"type": "http.response.body", "body": PAGE[20:]})

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    pairs = [(name.replace("_", "-").encode(), value.encode()) for name, value in asked.items()]
    scope = {"type": "http", "method": "GET", "path": "/compare", "headers": pairs}
    own_loop.run(PageScript(app)(scope, None, send))  # type: ignore[arg-type]
    headers = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], headers, b"".join(each["body"] for each in sent[1:]), seen


def test_a_page_has_the_script_before_those_of_streamlit():
    status, headers, body, _ = answer(accept="text/html,*/*")
    assert status == 200
    assert body.index(browser_history.SCRIPT.encode()) < body.index(b"streamlit.js")
    assert int(headers["content-length"]) == len(body)


def test_a_browser_keeps_no_page_without_the_script():
    _, headers, _, seen = answer(accept="text/html", if_none_match='"old"', accept_encoding="gzip", cookie="a=b")
    assert "etag" not in headers
    assert seen == {"accept": "text/html", "cookie": "a=b"}


def test_all_other_answers_stay_as_they_are():
    for asked in (
        {"accept": "*/*"},
        {"accept": "text/html", "kind": "image/png"},
        {"accept": "text/html", "status": 404},
    ):
        _, headers, body, _ = answer(**asked)  # type: ignore[arg-type]
        assert (headers["etag"], body) == ('"old"', PAGE)

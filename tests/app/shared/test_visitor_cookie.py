"""The visitor's cookie: random, unreadable for scripts, for this site alone, and only over TLS where there is TLS."""

import pytest

from pages.shared.visitor_cookie import VisitorCookie
from tests import own_loop


def cookies_set(scheme: str = "http", path: str = "/", method: str = "GET", **headers: str) -> list[str]:
    """The `Set-Cookie` headers of the answer to a request."""
    sent = []

    async def app(scope, receive, send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/html")]})

    async def send(message) -> None:
        sent.append(message)

    given = {"accept": "text/html,*/*", **headers}
    pairs = [(name.replace("_", "-").encode(), value.encode()) for name, value in given.items()]
    scope = {"type": "http", "method": method, "path": path, "scheme": scheme, "headers": pairs}
    own_loop.run(VisitorCookie(app)(scope, None, send))
    return [value.decode() for name, value in sent[0]["headers"] if name == b"set-cookie"]


def secret(cookie: str) -> str:
    return cookie.partition("=")[2].partition(";")[0]


def test_each_new_browser_gets_a_random_secret_that_no_script_can_read():
    first, second = cookies_set(), cookies_set()
    assert len(first) == 1
    assert len(secret(first[0])) == 64
    assert secret(first[0]) != secret(second[0])
    assert "HttpOnly" in first[0]
    assert "SameSite=Lax" in first[0]


@pytest.mark.parametrize(
    ("scheme", "headers", "secure"),
    [
        ("http", {}, False),
        ("https", {}, True),
        ("http", {"x_forwarded_proto": "https"}, True),
        ("http", {"x_forwarded_proto": "https, http"}, True),
        ("http", {"x_forwarded_proto": "http"}, False),
    ],
)
def test_over_tls_the_cookie_stays_there(scheme, headers, secure):
    assert ("Secure" in cookies_set(scheme, **headers)[0]) is secure


def test_a_browser_keeps_its_secret_for_another_year():
    kept = "ab" * 16
    assert secret(cookies_set(cookie=f"a=b; digit_lab_visitor={kept}")[0]) == kept


@pytest.mark.parametrize("forged", ["ab", "x" * 64, "ab" * 500, '"', "\x00"])
def test_a_cookie_of_another_form_is_replaced(forged):
    assert len(secret(cookies_set(cookie=f"digit_lab_visitor={forged}")[0])) == 64


@pytest.mark.parametrize("other", [{"accept": "*/*"}, {"method": "HEAD"}, {"method": "POST"}])
def test_only_pages_set_it(other):
    assert not cookies_set(**other)

"""The dashboard behind nginx with the configuration in docs/proxy: TLS, websocket, headers and limits."""

import shutil
import ssl
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import FLAGS, HARMLESS, Server, free_port, stroke, wait_idle

pytestmark = pytest.mark.slow
CONFIGURATION = Path(__file__).parents[2] / "docs" / "proxy" / "nginx.conf"
NAME = "lab.example.org"
_OUTER = """
daemon off; error_log {folder}/error.log; pid {folder}/nginx.pid;
events {{ worker_connections 512; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  include {folder}/digit-lab.conf;
}}
"""


@pytest.fixture(scope="module")
def proxied(tmp_path_factory) -> Iterator[str]:
    """The address of a dashboard behind nginx, with a certificate that nobody knows."""
    for program in ("nginx", "openssl"):
        if not shutil.which(program):
            pytest.skip(f"{program} is not installed on this machine")
    folder = tmp_path_factory.mktemp("proxy")
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={NAME}",
         "-keyout", key, "-out", certificate], check=True, capture_output=True,
    )  # fmt: skip
    server = Server(folder, STREAMLIT_SERVER_ALLOWED_HOSTS=NAME)
    plain, secure = free_port(), free_port()
    text = CONFIGURATION.read_text("utf-8")
    for before, after in (
        ("127.0.0.1:8501", f"127.0.0.1:{server.port}"),
        ("listen 80;", f"listen 127.0.0.1:{plain};"),
        ("listen 443 ssl;", f"listen 127.0.0.1:{secure} ssl;"),
        (f"/etc/ssl/certs/{NAME}.pem", str(certificate)),
        (f"/etc/ssl/private/{NAME}.key", str(key)),
    ):
        assert before in text
        text = text.replace(before, after)
    (folder / "digit-lab.conf").write_text(text)
    (folder / "nginx.conf").write_text(_OUTER.format(folder=folder))
    nginx = subprocess.Popen(
        ["nginx", "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", str(folder / "e.log")]
    )
    try:
        _wait(secure)
        yield f"https://{NAME}:{secure}"
    finally:
        nginx.terminate()
        nginx.wait(10)
        server.stop()


def _wait(port: int) -> None:
    for _ in range(100):
        with suppress(OSError):
            if ask(f"https://127.0.0.1:{port}/_stcore/health")[0] == 200:
                return
        time.sleep(0.1)
    raise RuntimeError("nginx did not start")


def ask(url: str, body: bytes | None = None, host: str = NAME, **headers: str) -> tuple[int, dict[str, str]]:
    """Status and headers of the answer to one request, whatever name is in the address."""
    trusting = ssl.create_default_context()
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    url = url.replace(NAME, "127.0.0.1")
    request = urllib.request.Request(url, body, {"Host": host, **headers})
    try:
        with urllib.request.urlopen(request, context=trusting, timeout=10) as answer:
            return answer.status, {name.lower(): value for name, value in answer.headers.items()}
    except urllib.error.HTTPError as error:
        return error.code, {name.lower(): value for name, value in error.headers.items()}


def test_a_page_and_a_stroke_come_through_the_proxy(browser: Browser, chromium: str, proxied: str):
    mapped = f"--host-resolver-rules=MAP {NAME} 127.0.0.1"  # as the school's own network would name it
    of_the_school = browser.browser_type.launch(executable_path=chromium, args=[*FLAGS, mapped])
    try:
        page = of_the_school.new_context(ignore_https_errors=True, base_url=proxied).new_page()
        problems: list[str] = []
        page.on("console", lambda said: problems.append(said.text) if said.type == "error" else None)
        page.goto("/draw")
        wait_idle(page)
        stroke(page, [(60, 60), (200, 60), (120, 220)])
        expect(page.locator(".softmax")).to_be_visible()
        secret = next(each for each in page.context.cookies() if each["name"] == "digit_lab_visitor")
        assert secret["sameSite"] == "Lax"
        assert [text for text in problems if not HARMLESS.search(text)] == []
    finally:
        of_the_school.close()


def test_the_headers_come_through_the_proxy_and_what_is_for_the_operator_does_not(proxied: str):
    status, headers = ask(proxied)
    assert status == 200
    assert headers["strict-transport-security"].startswith("max-age=")
    assert headers["x-frame-options"] == "SAMEORIGIN"
    for name in ("content-security-policy", "x-content-type-options", "referrer-policy"):
        assert name in headers
    assert "nginx/" not in headers["server"]
    assert ask(f"{proxied}/_stcore/metrics")[0] == 403


def test_a_body_above_the_limit_is_refused_by_the_proxy(proxied: str):
    headers = {"Content-Length": str(2**31)}
    assert ask(f"{proxied}/_stcore/upload_file/x/y", b"x", **headers)[0] == 413

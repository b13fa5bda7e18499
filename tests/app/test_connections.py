"""No request leaves this machine when pages are opened. The one for MNIST is tested with the download itself."""

import socket

import pytest

from pages.shared import frame


@pytest.mark.parametrize("page", [page.name for page in frame.PAGES])
def test_a_page_asks_no_other_machine(open_page, monkeypatch, page):
    asked: list[object] = []
    connect = socket.socket.connect

    def watched(this: socket.socket, address) -> None:
        if this.family != socket.AF_UNIX and address[0] not in ("127.0.0.1", "::1", "localhost"):
            asked.append(address)
            raise OSError("Tests leave this machine alone.")
        connect(this, address)

    monkeypatch.setattr(socket.socket, "connect", watched)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *address, **_: asked.append(address) or [])
    assert not open_page(page).exception
    assert asked == []

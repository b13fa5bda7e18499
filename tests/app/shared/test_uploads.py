"""Uploads: the server takes as much as the boxes of a session allow, and from others no more than before."""

import inspect

import pytest
from streamlit import config
from streamlit.web.server.starlette import starlette_routes

from pages.shared import uploads
from tests import own_loop


@pytest.fixture(autouse=True)
def applied(monkeypatch):
    monkeypatch.setattr(starlette_routes, "config", config)
    monkeypatch.setattr(uploads, "_allowed", type(uploads._allowed)())
    uploads.apply()


def limit(path: str) -> int:
    """The MB that Streamlit's route would take for a request to this path."""
    seen = []

    async def app(scope, receive, send) -> None:
        seen.append(starlette_routes.config.get_option("server.maxUploadSize"))

    own_loop.run(uploads.UploadLimit(app)({"type": "http", "path": path}, None, None))  # type: ignore[arg-type]
    return seen[0]


def test_a_session_may_send_what_its_largest_box_allows():
    uploads._allow("ada", 1024)
    uploads._allow("ada", 25)
    uploads._allow("bob", 25)
    uploads._allow("eve", 1)
    before = config.get_option("server.maxUploadSize")
    assert limit("/_stcore/upload_file/ada/file") == 1024
    assert limit("/lab/_stcore/upload_file/bob/file") == 25
    for path in ("/_stcore/upload_file/eve/file", "/_stcore/upload_file/mallory/ada", "/ada", "/_stcore/upload_file/"):
        assert limit(path) == before
    assert starlette_routes.config.get_option("server.maxUploadSize") == before


def test_streamlit_still_reads_its_limit_in_this_way():
    """A new version may read it elsewhere: then the boxes need another way."""
    assert 'config.get_option("server.maxUploadSize")' in inspect.getsource(starlette_routes)


def test_old_sessions_are_forgotten(monkeypatch):
    monkeypatch.setattr(uploads, "_MAX_SESSIONS", 2)
    for session in ("one", "two", "one", "three"):
        uploads._allow(session, 25)
    assert list(uploads._allowed) == ["one", "three"]

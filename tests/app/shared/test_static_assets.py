"""Files for the browser: sent from where they are installed, kept by browsers, and never written beside the code."""

from pathlib import Path

import pytest
import streamlit as st
from starlette.requests import Request
from starlette.responses import Response

from pages.shared import static_assets
from tests import own_loop


@pytest.fixture
def home(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("DIGIT_LAB_HOME", str(tmp_path))
    return tmp_path


def get(name: str) -> Response:
    """What the server answers for the last part of an address."""
    scope = {
        "type": "http",
        "method": "GET",
        "path": f"/app/static/{name}",
        "headers": [],
        "path_params": {"name": name},
    }
    return own_loop.run(static_assets.routes()[0].endpoint(Request(scope)))


def name_in(address: str) -> str:
    folder, _, name = address.rpartition("/")
    assert folder == "app/static"
    return name


def test_a_script_is_sent_from_where_it_is_and_nothing_is_written(home, tmp_path):
    answer = get(name_in(static_assets.plotly_script()))
    assert Path(answer.path).name == "plotly.min.js"
    assert "plotly" in Path(answer.path).parts
    assert answer.headers["content-type"].startswith("text/javascript")
    assert not list(home.iterdir())


def test_browsers_keep_a_file_because_its_address_changes_with_its_content(home, tmp_path):
    script = tmp_path / "part.js"
    script.write_text("export default () => 1;")
    before = static_assets.script_address(script)
    assert "immutable" in get(name_in(before)).headers["cache-control"]
    script.write_text("export default () => 2;")
    st.cache_resource.clear()
    assert static_assets.script_address(script) != before


def test_what_pages_make_is_kept_in_the_home_folder(home):
    address = static_assets.serve_bytes(b"[1, 2]", "film", "json")
    assert static_assets.serve_bytes(b"[1, 2]", "film", "json") == address
    answer = get(name_in(address))
    assert Path(answer.path).parent == home / "static"
    assert Path(answer.path).read_bytes() == b"[1, 2]"


def test_only_the_newest_made_files_stay(home, monkeypatch):
    monkeypatch.setattr(static_assets, "_MAX_FILES", 2)
    addresses = [static_assets.serve_bytes(bytes([number]), "film", "json") for number in range(4)]
    assert len(list((home / "static").iterdir())) == 2
    assert get(name_in(addresses[-1])).status_code == 200
    assert get(name_in(addresses[0])).status_code == 404


@pytest.mark.parametrize("name", ["nothing.json", "..", "../runs/a.json", ".hidden.json", "film.json/x", "a.html", ""])
def test_nothing_else_of_the_home_folder_is_sent(home, name: str):
    (home / "static").mkdir()
    for other in (".hidden.json", "a.html"):
        (home / "static" / other).write_text("secret")
    assert get(name).status_code == 404


def test_the_address_follows_the_base_path_of_the_server(monkeypatch):
    monkeypatch.setattr("streamlit.get_option", lambda name: "/class/lab/")
    assert static_assets.routes()[0].path == "/class/lab/app/static/{name}"

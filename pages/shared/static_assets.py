"""Files that the browser fetches from this server: scripts, Plotly, and what pages make, such as the film of a run.

Every address changes with the content of its file, so browsers keep files and do not ask again. Scripts are sent from
where they are installed. Only what pages make is written, into the home folder.
"""

import hashlib
import os
import re
from pathlib import Path
from typing import Any

import plotly
import streamlit as st
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from core.home import home
from pages.shared.components import payload

_COMMON = Path(__file__).parent / "common.js"
_ADDRESS = "app/static"
_MAX_FILES = 40  # made files of one name; a film of a run takes one to two megabytes
_NAME = re.compile(r"[a-z0-9-]+\.(json|png)")  # of a made file
_TYPES = {".js": "text/javascript", ".json": "application/json", ".png": "image/png"}
_HEADERS = {"Cache-Control": "public, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff"}  # one year
_scripts: dict[str, Path] = {}  # the last part of an address -> the installed file


def routes() -> list[Route]:
    """What the server answers beside Streamlit's own addresses."""
    base = str(st.get_option("server.baseUrlPath")).strip("/")
    return [Route(f"{'/' + base if base else ''}/{_ADDRESS}/{{name}}", _send)]


async def _send(request: Request) -> Response:
    name = request.path_params["name"]
    path = _scripts.get(name) or (_made() / name)
    if (name not in _scripts and not _NAME.fullmatch(name)) or not path.is_file():
        return Response("There is no such file.", 404)
    return FileResponse(path, media_type=_TYPES[path.suffix], headers=_HEADERS)


def component(name: str, script: Path, *, html: str, css: str, isolate_styles: bool = True) -> Any:
    """A component whose `script` is served as a file; messages contain only a small loader.

    The loader calls the script's default function with the component and the exports of `common.js`, and calls `forget`
    with the component's parent element when the component is removed.
    """
    return st.components.v2.component(name, html=html, css=css, js=loader(script), isolate_styles=isolate_styles)


def loader(script: Path) -> str:
    """The JavaScript that loads a component's `script`.

    Streamlit 1.67 calls the returned function when the component is removed. It also calls it when new data arrives
    before the call with older data has ended: then the component stays, and nothing may be forgotten.
    """
    return f"""
    export default (component) => {{
      const scripts = Promise.all([{_imported(script)}, {_imported(_COMMON)}]);
      scripts.then(([own, common]) => own.default(component, common));
      return () => scripts.then(([own]) => {{
        if (!component.parentElement.isConnected) own.forget(component.parentElement);
      }});
    }}"""


def fetch_early(*scripts: Path) -> None:
    """Loads Plotly and `scripts` in the browser while it is idle, so that what needs them appears sooner."""
    addresses = [script_address(script) for script in scripts]
    _fetcher()(key="script_fetcher", data=payload({"plotly": plotly_script(), "scripts": addresses}))


@st.cache_resource(show_spinner=False)
def _fetcher() -> Any:
    script = f"""
    export default ({{ data: [data] }}) => {{
      (window.requestIdleCallback ?? setTimeout)(async () => {{
        for (const script of data.scripts) await import(new URL(script, document.baseURI).href);
        (await {_imported(_COMMON)}).plotly(data.plotly);
      }});
    }}"""
    return st.components.v2.component("digit_lab_fetcher", js=script, isolate_styles=False)


@st.cache_resource(show_spinner=False)
def plotly_script() -> str:
    """The address of Plotly's script."""
    source = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
    return _address(source, f"plotly-{plotly.__version__}.min.js")


def script_address(script: Path) -> str:
    """Where the browser finds a script that another one imports."""
    return _served(script)


def serve_bytes(content: bytes, name: str, ending: str) -> str:
    """Where the browser finds `content`: a file whose name changes with it. Only the newest of each `name` are kept."""
    _made().mkdir(parents=True, exist_ok=True)
    target = _made() / f"{name}-{hashlib.sha256(content).hexdigest()[:16]}.{ending}"
    if not target.exists():
        beside = target.with_suffix(".new")
        beside.write_bytes(content)
        beside.replace(target)
    os.utime(target)
    for old in sorted(_made().glob(f"{name}-*.{ending}"), key=lambda path: path.stat().st_mtime)[:-_MAX_FILES]:
        old.unlink(missing_ok=True)
    return f"{_ADDRESS}/{target.name}"


@st.cache_resource(show_spinner=False)
def _served(script: Path) -> str:
    content = hashlib.sha256(script.read_bytes()).hexdigest()[:10]
    return _address(script, f"{script.stem}-{content}.js")


def _imported(script: Path) -> str:
    return f'import(new URL("{_served(script)}", document.baseURI).href)'


def _address(file: Path, name: str) -> str:
    _scripts[name] = file
    return f"{_ADDRESS}/{name}"


def _made() -> Path:
    return home() / "static"

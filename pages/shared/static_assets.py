"""Copies scripts to where Streamlit serves files. Each name changes with its content, so browsers can cache them."""

import hashlib
import os
import shutil
from pathlib import Path
from typing import Any

import plotly
import streamlit as st

from pages.shared.components import payload

_HERE = Path(__file__).parent
_STATIC = (
    _HERE.parents[1] / "static"
)  # Streamlit serves this folder; its files are created here and not kept in the repository
_COMMON = _HERE / "common.js"
_MAX_FILES = 40  # made files of one name; a film of a run takes one to two megabytes


def component(name: str, script: Path, *, html: str, css: str, isolate_styles: bool = True) -> Any:
    """A component whose `script` is served as a file; messages contain only a small loader.

    The loader calls the script's default function with the component and the exports of `common.js`, and calls `forget`
    with the component's parent element when the component is removed.
    """
    loader = f"""
    const scripts = () => Promise.all([{_imported(script)}, {_imported(_COMMON)}]);
    export default (component) => {{
      scripts().then(([own, common]) => own.default(component, common));
      return () => scripts().then(([own]) => own.forget(component.parentElement));
    }}"""
    return st.components.v2.component(name, html=html, css=css, js=loader, isolate_styles=isolate_styles)


def fetch_plotly() -> None:
    """Loads Plotly in the browser while it is idle, so that the first chart appears sooner."""
    _fetcher()(key="plotly_fetcher", data=payload({"plotly": plotly_script()}))


@st.cache_resource(show_spinner=False)
def _fetcher() -> Any:
    script = f"""
    export default ({{ data: [data] }}) => {{
      (window.requestIdleCallback ?? setTimeout)(async () => (await {_imported(_COMMON)}).plotly(data.plotly));
    }}"""
    return st.components.v2.component("digit_lab_plotly", js=script, isolate_styles=False)


@st.cache_resource(show_spinner=False)
def plotly_script() -> str:
    """The address of Plotly's script."""
    source = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
    return _put(source, f"plotly-{plotly.__version__}.min.js")


def script_address(script: Path) -> str:
    """Where the browser finds a script that another one imports."""
    return _served(script)


def serve_bytes(content: bytes, name: str, ending: str) -> str:
    """Where the browser finds `content`: a file whose name changes with it. Only the newest of each `name` are kept."""
    _STATIC.mkdir(exist_ok=True)
    target = _STATIC / f"{name}-{hashlib.sha256(content).hexdigest()[:16]}.{ending}"
    if not target.exists():
        beside = target.with_suffix(".new")
        beside.write_bytes(content)
        beside.replace(target)
    os.utime(target)
    for old in sorted(_STATIC.glob(f"{name}-*.{ending}"), key=lambda path: path.stat().st_mtime)[:-_MAX_FILES]:
        old.unlink(missing_ok=True)
    return f"app/static/{target.name}"


@st.cache_resource(show_spinner=False)
def _served(script: Path) -> str:
    content = hashlib.sha256(script.read_bytes()).hexdigest()[:10]
    return _put(script, f"{script.stem}-{content}.js")


def _imported(script: Path) -> str:
    return f'import(new URL("{_served(script)}", document.baseURI).href)'


def _put(source: Path, name: str) -> str:
    _STATIC.mkdir(exist_ok=True)
    target = _STATIC / name
    if not target.exists() or target.stat().st_size != source.stat().st_size:
        beside = target.with_suffix(".new")
        shutil.copyfile(source, beside)
        beside.replace(target)
    return f"app/static/{name}"

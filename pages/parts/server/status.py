"""How busy the server is: version, devices, disk, visitors and queue."""

import shutil
from html import escape

import streamlit as st
from streamlit import runtime

from core.classroom import disk
from core.classroom.limits import GIGABYTE
from core.formatting import count, file_size
from core.jobs.places import Device
from core.program import project_version
from pages.shared import caches, server_settings
from pages.shared.fragments import guarded_fragment
from pages.shared.visitor_cookie import NAME

REFRESH_SECONDS = 5.0
_STYLE = """<style>
.server {display: grid; grid-template-columns: repeat(auto-fit, minmax(11rem, 1fr)); gap: 1rem 2rem}
.server span {display: block; font-size: .85rem; color: light-dark(#565a68, #a9adbb)}
.server b {font-size: 1.15rem; font-weight: 600}
</style>"""


def show() -> None:
    """Draws it, again every five seconds."""

    @guarded_fragment(run_every=REFRESH_SECONDS)
    def figures() -> None:
        cells = [f"<div><span>{escape(name)}</span><b>{escape(text)}</b></div>" for name, text in _figures()]
        st.html(f'{_STYLE}<div class="server">{"".join(cells)}</div>')

    figures()


def _figures() -> list[tuple[str, str]]:
    jobs = caches.jobs()
    waiting, training = len(jobs.queue()), len(jobs.running())
    return [
        ("Visitors now", count(visitors_now())),
        ("Queue", f"{training} training, {waiting} waiting"),
        ("Devices", ", ".join(map(_device, jobs.place.devices())) or "none"),
        ("Disk of the runs", _disk()),
        ("Version", project_version()),
    ]


def _device(device: Device) -> str:
    return device.name if len(device.runs) == 0 else f"{device.name}: {count(len(device.runs), 'run')}"


def _disk() -> str:
    home = caches.store().home
    limit = server_settings.settings()["runs_gigabytes"]
    most = f" of {limit:,} GB" if limit else ""
    return f"{file_size(disk.used(home))}{most}, {shutil.disk_usage(home).free / GIGABYTE:,.0f} GB free"


def visitors_now() -> int:
    """How many browsers are connected."""
    sessions = getattr(runtime.get_instance(), "_session_mgr", None) if runtime.exists() else None
    if sessions is None:  # a test
        return 1
    browsers = [getattr(session.client, "client_context", None) for session in sessions.list_active_sessions()]
    secrets = [browser.cookies.get(NAME) if browser else None for browser in browsers]
    return len(set(filter(None, secrets))) + secrets.count(None)

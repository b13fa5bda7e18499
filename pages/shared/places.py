"""Where runs train, on a cluster or on several GPUs: machines, their devices, and what runs on each."""

import html

import streamlit as st

from core.errors import RunError
from core.formatting import count
from core.jobs.places import GPU, Device
from pages.shared import caches, server_settings
from pages.shared.fragments import guarded_fragment
from pages.shared.local_time import run_title
from pages.shared.visitor import is_teacher

_REFRESH_SECONDS = 2.0
_STYLE = """<style>
.places {width: 100%; border-collapse: collapse; font-size: .9rem}
.places th, .places td {text-align: left; vertical-align: top; padding: .25rem .8rem .25rem 0}
.places th, .places td {border-bottom: 1px solid #8884}
.places th {font-weight: 600; opacity: .8}
.places td:last-child {overflow-wrap: anywhere}
</style>"""


def panel() -> None:
    """A warning, if there is one, and a table of the devices. Without a cluster and a second GPU there is no table."""
    place = caches.jobs().place
    is_operator = is_teacher() or not (place.address or server_settings.is_shared())
    if is_operator and (warning := place.warning()):  # a stranger must not read it here
        st.warning(warning, icon=":material/warning:")
    if not place.address and sum(device.kind == GPU for device in place.devices()) < 2:
        return
    with st.expander("Where runs train", icon=":material/lan:", key="places", on_change="rerun") as box:
        if not box.open:
            return

        @guarded_fragment(run_every=_REFRESH_SECONDS)
        def live() -> None:
            devices, problem = place.devices(), place.problem()
            if problem:
                st.warning(problem, icon=":material/cloud_off:")
            if devices:
                st.html(_STYLE + table(devices))
                st.caption(summary(devices, len(caches.jobs().queue())))

        live()


def table(devices: list[Device]) -> str:
    """The devices as an HTML table."""
    rows = "".join(
        f"<tr><td>{html.escape(device.node)}</td><td>{html.escape(device.name)}</td><td>{_runs(device)}</td></tr>"
        for device in devices
    )
    return f'<table class="places"><tr><th>Machine</th><th>Device</th><th>Runs now</th></tr>{rows}</table>'


def summary(devices: list[Device], waiting: int) -> str:
    """How many runs train, how many could, and how many wait."""
    busy, room = sum(len(device.runs) for device in devices), sum(device.capacity for device in devices)
    waits = f" {count(waiting, 'run')} {'waits' if waiting == 1 else 'wait'}." if waiting else ""
    return f"{busy} of {count(room, 'run')} at a time.{waits} With the device “auto”, a run takes a free GPU first."


def _runs(device: Device) -> str:
    titles = [html.escape(_title(run_id)) for run_id in device.runs]
    free = device.capacity - len(device.runs)
    return "<br>".join([*titles, f"<i>{free} free</i>"] if free > 0 else titles)


def _title(run_id: str) -> str:
    try:
        return run_title(caches.store().get(run_id))
    except RunError:  # deleted, or of another dashboard
        return run_id

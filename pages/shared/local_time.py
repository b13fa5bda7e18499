"""Dates and times in the visitor's time zone."""

from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st

from core.runs.run import Run, describe


def local_time(seconds: float, *, with_seconds: bool = False) -> str:
    """A moment, seconds since 1970, as the visitor's clock shows it: "28 Nov 14:05"."""
    return f"{datetime.fromtimestamp(seconds, _time_zone()):%d %b %H:%M{':%S' if with_seconds else ''}}"


def run_title(run: Run) -> str:
    """What a run is called: its name, or its recipe or network and when it was created."""
    if run.name or not run.created:
        return run.title
    return f"{run.recipe or describe(run.config)} · {local_time(run.created, with_seconds=True)}"


def _time_zone() -> tzinfo:
    try:
        return ZoneInfo(st.context.timezone or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        return UTC

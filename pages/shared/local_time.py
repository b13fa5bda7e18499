"""Dates and times in the visitor's time zone."""

from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st

from core.runs.run import Run, describe


def local_time(seconds: float, *, with_seconds: bool = False) -> str:
    """A time in seconds since 1970, in the visitor's time zone: "28 Nov 14:05"."""
    return f"{datetime.fromtimestamp(seconds, _time_zone()):%d %b %H:%M{':%S' if with_seconds else ''}}"


def run_title(run: Run) -> str:
    """The title of a run: its name, or else its recipe or network and its time of creation."""
    if run.name or run.shipped or not run.created:
        return run.title
    return f"{run.recipe or describe(run.config)} · {local_time(run.created, with_seconds=True)}"


def _time_zone() -> tzinfo:
    try:
        return ZoneInfo(st.context.timezone or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        return UTC

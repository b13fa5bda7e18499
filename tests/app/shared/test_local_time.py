"""Dates are in the visitor's time zone, and a run keeps its name."""

from types import SimpleNamespace

import pytest
import streamlit as st

from core.config.run_config import RunConfig
from core.runs.run import SHIPPED
from pages.shared.local_time import local_time, run_title


@pytest.fixture(params=["Asia/Tokyo", None, "no/such/zone"])
def zone(request, monkeypatch):
    monkeypatch.setattr(st, "context", SimpleNamespace(timezone=request.param))
    return request.param


def test_a_moment_is_shown_by_the_visitors_clock(zone):
    hour = 9 if zone == "Asia/Tokyo" else 0  # without a known zone: UTC
    assert local_time(0) == f"01 Jan {hour:02}:00"
    assert local_time(61, with_seconds=True) == f"01 Jan {hour:02}:01:01"


def test_a_run_is_called_by_its_name_else_by_its_network_and_date(zone, store):
    assert run_title(store.create(RunConfig(), name="Mine")) == "Mine"
    assert run_title(store.create(RunConfig(units=7))).startswith("dense7")
    assert run_title(store.get(SHIPPED)) == "First model (came with Digit Lab)"

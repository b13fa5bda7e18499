"""Only changes are sent; a browser that has nothing gets everything."""

import pytest
import streamlit as st

from pages.parts.compare import component_diff
from pages.shared import frame


@pytest.fixture(autouse=True)
def session(monkeypatch: pytest.MonkeyPatch) -> dict:
    state: dict = {}
    monkeypatch.setattr(st, "session_state", state)
    return state


def test_the_first_message_has_everything_and_the_next_what_changed():
    first = component_diff.changes("table", {"a": [1, 2], "b": "x"})
    assert (first["before"], first["items"]) == ("", {"a": [1, 2], "b": "x"})
    second = component_diff.changes("table", {"a": [1, 2], "b": "y", "c": None})
    assert (second["before"], second["items"]) == (first["revision"], {"b": "y", "c": None})


def test_nothing_travels_twice_and_a_revision_stands_for_its_items():
    items = {"a": 1, "b": 2}
    first, rerun = component_diff.changes("table", items), component_diff.changes("table", items)
    assert rerun == {"before": first["revision"], "revision": first["revision"], "items": {}}
    assert component_diff.changes("table", {"a": 1, "c": 2})["revision"] != first["revision"]


def test_an_item_that_was_away_is_sent_again():
    component_diff.changes("table", {"a": 1, "b": 2})
    component_diff.changes("table", {"a": 1})
    assert component_diff.changes("table", {"a": 1, "b": 2})["items"] == {"b": 2}


def test_a_browser_that_lost_a_message_or_left_the_page_gets_everything(session: dict):
    component_diff.changes("table", {"a": 1})
    component_diff.forget("table")
    assert component_diff.changes("table", {"a": 1})["items"] == {"a": 1}
    session[frame._VISITS] = 1
    assert component_diff.changes("table", {"a": 1})["before"] == ""


def test_two_components_hold_their_own():
    component_diff.changes("table", {"a": 1})
    assert component_diff.changes("chart", {"a": 1})["items"] == {"a": 1}

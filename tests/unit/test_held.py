"""Only what changed is sent, and everything to a browser that holds nothing."""

import pytest
import streamlit as st

from pages.shared import frame, held


@pytest.fixture(autouse=True)
def session(monkeypatch: pytest.MonkeyPatch) -> dict:
    state: dict = {}
    monkeypatch.setattr(st, "session_state", state)
    return state


def test_the_first_message_has_everything_and_the_next_what_changed():
    first = held.changes("table", {"a": [1, 2], "b": "x"})
    assert (first["before"], first["items"]) == ("", {"a": [1, 2], "b": "x"})
    second = held.changes("table", {"a": [1, 2], "b": "y", "c": None})
    assert (second["before"], second["items"]) == (first["revision"], {"b": "y", "c": None})


def test_nothing_travels_twice_and_a_revision_stands_for_its_items():
    items = {"a": 1, "b": 2}
    first, again = held.changes("table", items), held.changes("table", items)
    assert again == {"before": first["revision"], "revision": first["revision"], "items": {}}
    assert held.changes("table", {"a": 1, "c": 2})["revision"] != first["revision"]


def test_an_item_that_was_away_is_sent_anew():
    held.changes("table", {"a": 1, "b": 2})
    held.changes("table", {"a": 1})
    assert held.changes("table", {"a": 1, "b": 2})["items"] == {"b": 2}


def test_a_browser_that_lost_a_message_or_left_the_page_gets_everything(session: dict):
    held.changes("table", {"a": 1})
    held.forget("table")
    assert held.changes("table", {"a": 1})["items"] == {"a": 1}
    session[frame._VISITS] = 1
    assert held.changes("table", {"a": 1})["before"] == ""


def test_two_components_hold_their_own():
    held.changes("table", {"a": 1})
    assert held.changes("chart", {"a": 1})["items"] == {"a": 1}

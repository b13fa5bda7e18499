"""Sends a component only the data that its browser does not have yet.

Streamlit sends all data of a component at every run of the script: for a table of 500 runs, 0.7 MB after one star. Here
the data is a dictionary of items, and a message holds only those that changed. Each message names the message before
it. A browser that never received that one answers with the trigger `lost` and gets everything: Streamlit skips a
message when a newer one follows at once, and a component that is built again has no data.
"""

import hashlib
import marshal
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import streamlit as st

from pages.shared import frame


@dataclass(frozen=True)
class _Sent:
    visit: int
    revision: str
    digests: dict[str, bytes]


def changes(key: str, items: Mapping[str, Any]) -> dict[str, Any]:
    """The message for the component `key`: the items (JSON types) that are new or changed since the last message.

    The browser keeps an item that is missing here. So another item must list the names that are in use.
    """
    visit = frame.visits()
    before: _Sent | None = st.session_state.get(_slot(key))
    if before is None or before.visit != visit:  # the visitor left the page: the browser has dropped the data
        before = _Sent(visit, "", {})
    digests = {name: _digest(item) for name, item in items.items()}
    revision = hashlib.blake2b(repr(digests).encode(), digest_size=8).hexdigest()
    st.session_state[_slot(key)] = _Sent(visit, revision, digests)
    changed = {name: items[name] for name, digest in digests.items() if before.digests.get(name) != digest}
    return {"before": before.revision, "revision": revision, "items": changed}


def forget(key: str) -> None:
    """Makes the next message complete. For the component's `on_lost_change`."""
    st.session_state.pop(_slot(key), None)


def _digest(item: Any) -> bytes:
    return hashlib.blake2b(marshal.dumps(item, 2), digest_size=8).digest()  # many times faster than JSON


def _slot(key: str) -> str:
    return f"{key}:sent"

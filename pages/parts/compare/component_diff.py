"""What a component in the visitor's browser holds already is not sent to it again.

Streamlit sends a component's data whole at every run of the script: of a table of 500 runs 0.7 MB for one star. Here
data is a dictionary of items, and a message has those that changed. Each says on which message it builds; a browser
that never got that one (Streamlit leaves out a message when a newer one follows at once, and a chart that is built anew
holds nothing) answers with the trigger `lost`, and is sent everything.
"""

import hashlib
import marshal
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import streamlit as st

from pages.shared import frame


@dataclass(frozen=True)
class _Held:
    visit: int
    revision: str
    digests: dict[str, bytes]


def changes(key: str, items: Mapping[str, Any]) -> dict[str, Any]:
    """The message for the component `key`: the items (of JSON's kinds) that are new or another since the one before.

    An item that is left out stays in the browser: what counts must be said by another item, a list of names.
    """
    visit = frame.visits()
    before: _Held | None = st.session_state.get(_slot(key))
    if before is None or before.visit != visit:  # the page was left meanwhile: the browser has let go of everything
        before = _Held(visit, "", {})
    digests = {name: _digest(item) for name, item in items.items()}
    revision = hashlib.blake2b(repr(digests).encode(), digest_size=8).hexdigest()
    st.session_state[_slot(key)] = _Held(visit, revision, digests)
    changed = {name: items[name] for name, digest in digests.items() if before.digests.get(name) != digest}
    return {"before": before.revision, "revision": revision, "items": changed}


def forget(key: str) -> None:
    """The browser lost a message: the next one has everything. For the component's `on_lost_change`."""
    st.session_state.pop(_slot(key), None)


def _digest(item: Any) -> bytes:
    return hashlib.blake2b(marshal.dumps(item, 2), digest_size=8).digest()  # many times as fast as JSON


def _slot(key: str) -> str:
    return f"{key}:held"

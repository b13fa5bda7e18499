"""The table of runs: sorted, filtered, starred, renamed and chosen in the browser, where it answers at once."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import streamlit as st

from pages.shared.components import payload

_HERE = Path(__file__).parent
_HTML = """<div class="runs">
<div class="bar">
  <input type="search" placeholder="Filter: adam finished units:64" aria-label="Filter the runs by words" />
  <select aria-label="Filter the runs by state"></select>
  <label><input type="checkbox" class="starred" /> Starred only</label>
  <span class="count" role="status"></span>
</div>
<div class="scroll" tabindex="0" role="region" aria-label="Table of runs">
  <table><thead></thead><tbody></tbody></table>
</div></div>"""
_mount = st.components.v2.component(
    "run_table",
    html=_HTML,
    css=(_HERE / "run_table.css").read_text("utf-8"),
    js=(_HERE / "run_table.js").read_text("utf-8"),
)


def run_table(
    columns: list[dict[str, Any]],
    rows: list[dict[str, Any]],
    groups: list[str],
    *,
    key: str,
    on_choose: Callable[[list[str]], None],
    on_tell: Callable[[str, str, Any], None],
) -> None:
    """Draws the table.

    columns: id, label, help, number (right-aligned, best first), soft. rows: id, colour, title, name, note, state,
    starred, baseline, chosen, fixed, group (a place in `groups`), words (what the filter looks in) and cells: text,
    what to sort by, help. on_choose: called with the ids of the runs to draw. on_tell: called with a run's id, `name`,
    `note`, `starred` or `baseline`, and its new value.
    """
    data: dict[str, Any] = {"columns": columns, "rows": rows, "groups": groups}
    rev = hashlib.blake2b(json.dumps(data).encode(), digest_size=8).hexdigest()

    def hear() -> None:
        did = st.session_state[key].get("did")
        if not isinstance(did, dict):
            return
        ids = {row["id"] for row in rows}
        if did.get("what") == "choose" and isinstance(did.get("runs"), list):
            on_choose([run for run in did["runs"] if run in ids])
        elif did.get("run") in ids and did.get("what") in ("name", "note", "starred", "baseline"):
            on_tell(did["run"], did["what"], did.get("value"))

    _mount(key=key, data=payload({**data, "rev": rev}), on_did_change=hear, height="content")

"""The table of runs. Sorting, filtering, stars, names and ticks work in the browser, so they answer at once."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st

from core.runs.gate import MAX_NAME, MAX_NOTE
from pages.parts.compare import component_diff
from pages.shared import static_assets
from pages.shared.components import payload

_HERE = Path(__file__).parent
_HTML = """<div class="runs">
<div class="bar">
  <input type="search" placeholder="Filter: adam finished units:64" aria-label="Filter the runs by words" />
  <select aria-label="Filter the runs by state"></select>
  <label><input type="checkbox" class="starred" /> Starred only</label>
  <span class="marks"></span>
  <span class="count" role="status"></span>
</div>
<div class="scroll" tabindex="0" role="region" aria-label="Table of runs">
  <table><thead></thead><tbody></tbody></table>
</div></div>"""


@dataclass(frozen=True)
class Table:
    """What the table shows.

    columns: id, label, help, number (right-aligned, best first), soft. rows: id, colour, title, name, note, state,
    starred, baseline, fixed (nothing can be changed), foreign (name and note are somebody else's), group (a place in
    `groups`), words (what the filter searches) and cells: text, value to sort by, help. groups: their titles. chosen:
    the ids of the runs that are ticked. common: words that every row has for the filter. marks: what the marks in the
    cells mean.
    """

    columns: list[dict[str, Any]]
    rows: list[dict[str, Any]]
    groups: list[str]
    chosen: list[str]
    common: str
    marks: str = ""


def run_table(
    table: Table,
    *,
    key: str,
    on_choose: Callable[[list[str]], None],
    on_edit: Callable[[str, str, Any], None],
) -> None:
    """Draws the table.

    on_choose: called with the ids of the ticked runs. on_edit: called with a run's id, `name`, `note`, `starred` or
    `baseline`, and its new value.
    """
    by_id = {row["id"]: row for row in table.rows}

    def receive() -> None:
        did = st.session_state[key].get("did")
        if not isinstance(did, dict):
            return
        if did.get("what") == "choose" and isinstance(did.get("runs"), list):
            on_choose([run for run in did["runs"] if run in by_id])
        elif did.get("run") in by_id and did.get("what") in ("name", "note", "starred", "baseline"):
            on_edit(did["run"], did["what"], did.get("value"))

    names = ("columns", "groups", "chosen", "common", "marks")
    frame = {name: getattr(table, name) for name in names} | {"longest": {"name": MAX_NAME, "note": MAX_NOTE}}
    message = component_diff.changes(key, {"frame": frame, "order": list(by_id), **by_id})
    _component()(
        key=key,
        data=payload(message),
        on_did_change=receive,
        on_lost_change=lambda: component_diff.forget(key),
        height="content",
    )


@st.cache_resource(show_spinner=False)
def _component() -> Any:
    css = (_HERE / "run_table.css").read_text("utf-8")
    return static_assets.component("run_table", _HERE / "run_table.js", html=_HTML, css=css)

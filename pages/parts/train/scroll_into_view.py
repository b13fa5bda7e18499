"""On a phone columns stand below one another: what a visitor has just asked for is brought into sight there."""

from typing import Any

import streamlit as st

from pages.shared.components import payload

_SCRIPT = """
const done = (window.digitLabRevealed ??= new Set());  // of the tab: the script itself may be read once more
export default ({ data: [data] }) => {
  if (!data.asked || done.has(data.asked)) return;
  done.add(data.asked);
  if (matchMedia("(max-width: 640px)").matches)
    document.querySelector(`.st-key-${data.key}`)?.scrollIntoView({ behavior: "smooth" });
}"""


def reveal(key: str, asked: str) -> None:
    """Scrolls to the container `key`, once for each `asked`; while that is empty, nothing happens."""
    _mount()(key=f"reveal_{key}", data=payload({"key": key, "asked": asked}))


@st.cache_resource(show_spinner=False)
def _mount() -> Any:
    return st.components.v2.component("digit_lab_reveal", js=_SCRIPT, isolate_styles=False)

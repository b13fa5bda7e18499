"""In a narrow or low window the page scrolls to what the visitor has just asked for: it would be below the edge."""

from typing import Any

import streamlit as st

from pages.shared.components import payload

_SCRIPT = """
const done = (window.digitLabRevealed ??= new Set());  // kept by the tab: this script may be loaded again
export default ({ data: [data] }) => {
  if (!data.request || done.has(data.request)) return;
  done.add(data.request);
  if (matchMedia("(max-width: 640px), (max-height: 760px)").matches)
    document.querySelector(`.st-key-${data.key}`)?.scrollIntoView({ behavior: "smooth" });
}"""


def reveal(key: str, request: str) -> None:
    """Scrolls to the container `key`, once for each `request`. An empty request does nothing."""
    _mount()(key=f"reveal_{key}", data=payload({"key": key, "request": request}))


@st.cache_resource(show_spinner=False)
def _mount() -> Any:
    return st.components.v2.component("digit_lab_reveal", js=_SCRIPT, isolate_styles=False)

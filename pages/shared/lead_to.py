"""Leads a visitor to what they have just asked for, where it appears outside the screen or replaces its button."""

from typing import Any
from uuid import uuid4

import streamlit as st

from pages.shared.components import payload

_SCRIPT = """
const done = (window.digitLabRevealed ??= new Set());  // kept by the tab: this script may be loaded again
export default ({ data: [data] }) => {
  if (!data.request || done.has(data.request)) return;
  done.add(data.request);
  if (data.small && !matchMedia("(max-width: 640px), (max-height: 760px)").matches) return;
  const behavior = matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth";
  const lead = (again) => {
    const whole = document.querySelector(`.st-key-${data.key}`);
    if (!whole) return;
    const place = data.focus ? whole.querySelector("[data-testid=stMetric], h2, h3") ?? whole : whole;
    place.style.scrollMargin = data.small ? "" : "4.5rem 0 1rem";  // the navigation is above the page
    place.scrollIntoView({ behavior, block: data.small ? "start" : "nearest" });
    if (!data.focus || (again && document.activeElement !== document.body)) return;
    place.tabIndex = -1;
    place.focus({ preventScroll: true });
  };
  lead(false);
  if (!data.small) setTimeout(lead, 400, true);  // by then its pictures have their size
}"""
_REQUEST = "lead_to_"


def ask(key: str) -> None:
    """Asks to lead the visitor to the container `key` when it is drawn the next time; for callbacks."""
    st.session_state[_REQUEST + key] = uuid4().hex


def lead_to(key: str, *, focus: bool = False) -> None:
    """Scrolls to the container `key` once after each `ask`. focus: the keyboard goes to its first figure or heading."""
    reveal(key, st.session_state.get(_REQUEST + key, ""), small=False, focus=focus)


def reveal(key: str, request: str, *, small: bool = True, focus: bool = False, mount: str = "") -> None:
    """Scrolls to the container `key`, once for each `request`. An empty request does nothing.

    small: only in a narrow window, where the columns of a page are below one another, or in a low one.
    mount: a name for each of several calls.
    """
    data = {"key": key, "request": request, "small": small, "focus": focus}
    _mount()(key=f"reveal_{key}{mount}", data=payload(data))


@st.cache_resource(show_spinner=False)
def _mount() -> Any:
    return st.components.v2.component("digit_lab_reveal", js=_SCRIPT, isolate_styles=False)

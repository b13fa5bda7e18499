"""A visitor who comes back to this tab sees the runs that another tab has started or resumed meanwhile.

A run that has ended has no timer: for each of thirty visitors it would take processor time that training needs. The
browser says instead when the visitor comes back, and the page is drawn again only if something has changed.
"""

from typing import Any

import streamlit as st

from pages.parts.train import watched_run
from pages.shared import caches
from pages.shared.components import payload
from pages.shared.fragments import guarded_fragment

_KEY = "tab_return"
_STYLE = f"<style>.st-key-{_KEY} {{display: none}}</style>"
_SCRIPT = """
const AWAY = 1000; // ms: a shorter look elsewhere changes nothing
export default ({ setTriggerValue }) => {
  const state = (window.digitLabTabReturn ??= { left: null });
  state.tell = () => setTriggerValue("back", true);
  if (state.listening) return;
  state.listening = true;
  const leave = () => { state.left ??= performance.now(); };
  const back = () => {
    const away = state.left === null ? 0 : performance.now() - state.left;
    state.left = null;
    if (away > AWAY && document.querySelector(".st-key-KEY")) state.tell();
  };
  addEventListener("blur", leave);
  addEventListener("focus", back);
  document.addEventListener("visibilitychange", () => (document.hidden ? leave() : back()));
}""".replace("KEY", _KEY)


def watch() -> None:
    """Draws the page again when the visitor comes back to this tab and finds other runs active, or this one changed."""
    known = _seen()

    @guarded_fragment()
    def listen() -> None:
        came_back = _mount()(key=_KEY, data=payload({}), on_back_change=lambda: None).back
        if came_back and _seen() != known:
            st.rerun()

    st.html(_STYLE)
    listen()


def _seen() -> tuple[set[str], str]:
    """The active runs, and the state of the run that is shown."""
    store, shown = caches.store(), watched_run.last()
    return {run.id for run in store.active()}, next((run.state for run in store.runs() if run.id == shown), "")


@st.cache_resource(show_spinner=False)
def _mount() -> Any:
    return st.components.v2.component("digit_lab_tab_return", js=_SCRIPT, isolate_styles=False)

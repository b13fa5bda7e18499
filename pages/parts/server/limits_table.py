"""The limits of the server in words, for everybody."""

from typing import Any

import streamlit as st

from core.classroom.setting_list import EVERYONE, KNOB_BOUNDS, LIMITS, NOBODY, SECTIONS, Setting
from core.classroom.settings import Settings
from core.formatting import duration
from pages.shared import server_settings

_WHO = {EVERYONE: "everyone", NOBODY: "nobody"}


def show() -> None:
    """Draws a table: limit, value, who set it."""
    settings = server_settings.settings()
    st.header("What visitors may do", anchor=False)
    st.caption(
        "Other computers can open this server, so limits protect it."
        if settings.shared
        else "Only this computer can open this server, so most limits are off."
    )
    lines = ["| limit | value | set by |", "|---|---|---|"]
    lines += [f"| {setting.label.removesuffix(' (s)')} | {value} | {by} |" for setting, value, by in _rows(settings)]
    with st.container(key="limits"):
        st.html("<style>.st-key-limits :is(th, td) {padding: .3rem .45rem}</style>")
        st.markdown("\n".join(lines), width="stretch")


def _rows(settings: Settings) -> list[tuple[Setting, str, str]]:
    """All limits, but of the bounds of knobs only those that are set."""
    shown = [*SECTIONS[LIMITS][1], *(bound for bound in SECTIONS[KNOB_BOUNDS][1] if settings[bound.name])]
    return [
        (each, in_words(each, settings[each.name]), "the teacher" if each.name in settings.chosen else "default")
        for each in shown
    ]


def in_words(setting: Setting, value: Any) -> str:
    """The value of a setting as people read it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return _WHO.get(value, f"only the {value}")
    if not value:
        return "no limit"
    return duration(value) if setting.name == "longest_seconds" else f"{value:,}"

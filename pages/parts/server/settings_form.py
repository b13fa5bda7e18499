"""The teacher's form for the settings. It writes `server.toml`, and the server checks every value again."""

from typing import Any

import streamlit as st

from core.classroom import settings as core_settings
from core.classroom.setting_list import CLUSTER, KNOB_BOUNDS, LIMITS, PEOPLE, SECTIONS, SETTINGS, Setting
from core.classroom.settings import Settings
from core.errors import DigitLabError
from core.formatting import plain
from pages.shared import caches, server_settings
from pages.shared.visitor import current

_TITLES = {LIMITS: "Limits", KNOB_BOUNDS: "Largest values of knobs", PEOPLE: "Teachers and network", CLUSTER: "Cluster"}
_RESULT, _VERSION = "server_saved", "server_form_version"  # session


def show() -> None:
    """Draws the form."""
    settings = server_settings.settings()
    st.header("Settings", anchor=False)
    for problem in settings.problems:
        st.warning(plain(problem), icon=":material/edit_document:")
    if result := st.session_state.pop(_RESULT, None):
        kind, sentence = result
        (st.success if kind == "saved" else st.error)(plain(sentence))
    version = st.session_state.setdefault(_VERSION, 0)
    with st.form(f"server_settings_{version}"):
        tabs = st.tabs(list(_TITLES.values()))
        for tab, section in zip(tabs, _TITLES, strict=True):
            about, listed = SECTIONS[section]
            with tab:
                st.caption(about)
                columns = st.columns(2, gap="large")
                for place, setting in enumerate(listed):
                    with columns[place % 2]:
                        _widget(setting, settings, version)
        with st.container(horizontal=True):
            st.form_submit_button("Save settings", type="primary", on_click=_save, args=(version,))
            st.form_submit_button("Set all to default", on_click=_reset)
    st.caption(f"They are kept in {plain(core_settings.FILE)} in the home folder, which you can also edit by hand.")


def _widget(setting: Setting, settings: Settings, version: int) -> None:
    key, value = _key(setting.name, version), settings[setting.name]
    if isinstance(value, bool):
        st.toggle(setting.label, value, key=key, help=setting.about)
    elif isinstance(value, int):
        st.number_input(setting.label, 0, setting.high, value, key=key, help=f"{setting.about} 0: no limit.")
    elif isinstance(value, tuple):
        st.text_area(setting.label, "\n".join(value), key=key, help=f"{setting.about} One in each line.")
    elif setting.choices:
        place = setting.choices.index(value)
        st.selectbox(setting.label, setting.choices, place, key=key, help=setting.about)
    else:
        st.text_input(setting.label, value, key=key, help=setting.about, max_chars=200)


def _key(name: str, version: int) -> str:
    return f"server_{name}_{version}"


def _save(version: int) -> None:
    settings = server_settings.settings()
    values = {name: _read(st.session_state[_key(name, version)], settings[name]) for name in SETTINGS}
    _write({name: None if value == settings.default(name) else value for name, value in values.items()})


def _read(value: Any, present: Any) -> Any:
    return tuple(line.strip() for line in value.split("\n") if line.strip()) if isinstance(present, tuple) else value


def _reset() -> None:
    _write(dict.fromkeys(SETTINGS))


def _write(values: dict[str, Any]) -> None:
    if not current().is_teacher:  # the role may be gone since the page was drawn
        st.session_state[_RESULT] = ("refused", "Only the teacher may change the settings.")
        return
    try:
        core_settings.change(caches.store().home, values)
    except DigitLabError as error:
        st.session_state[_RESULT] = ("refused", error.sentence)
        return
    st.session_state[_RESULT] = ("saved", "Saved. The settings count at once.")
    st.session_state[_VERSION] += 1

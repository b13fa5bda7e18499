"""The form before and after a change: which config the visitor began with, and what they changed since."""

import streamlit as st

from core.config.changes import changes
from core.config.run_config import RunConfig
from core.errors import DigitLabError
from core.network.architecture import layer_table
from pages.parts.train import watched_run
from pages.shared import controls

_BEFORE, _STARTED = "form_before", "form_before_started"  # session: a config; the run that was started last
_MAX = 4  # changes that are named


def note() -> None:
    """Keeps the form as it is when the page is first drawn, and after each Start, if it makes a network."""
    try:
        config = controls.run_config()
        layer_table(config)
    except DigitLabError:
        return
    started = watched_run.last_started()
    if _BEFORE not in st.session_state or st.session_state.get(_STARTED) != started:
        st.session_state[_BEFORE], st.session_state[_STARTED] = config, started


def before(config: RunConfig) -> RunConfig | None:
    """The form before the change, if the visitor wants to see its network beside that of `config`.

    Draws the switch, which names what has changed. Without a change there is none.
    """
    first: RunConfig = st.session_state.get(_BEFORE, config)
    found = changes(first, config)
    if not found:
        return None
    more = f" and {len(found) - _MAX} more" if len(found) > _MAX else ""
    with st.container(horizontal=True, gap="small", vertical_alignment="center", key="form_change"):
        wanted = st.toggle(f"Before and after: **{' · '.join(found[:_MAX])}**{more}", key="form_change_shown")
        if wanted:
            st.button(
                "Compare from here",
                on_click=_restart,
                args=(config,),
                type="tertiary",
                icon=":material/restart_alt:",
                help="The present form becomes the one before. Then change a knob.",
            )
    return first if wanted else None


def _restart(config: RunConfig) -> None:
    st.session_state[_BEFORE] = config

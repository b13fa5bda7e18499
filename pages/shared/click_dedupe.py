"""Each click counts once, even if a timer of the page fires at the same moment.

The browser sends a click a little later, and until then every timed refresh of the page (`st.fragment(run_every=…)`)
contains the click too: Streamlit 1.67 would handle it twice, and Start would create two runs. While a run was on screen
and the browser was busy on the two cores that also trained, this happened to three of ten clicks.
"""

import functools
from collections.abc import Callable
from typing import Any

from streamlit.runtime.app_session import AppSession

_CLICKS = ("trigger_value", "string_trigger_value", "chat_input_value", "json_trigger_value")


def count_once() -> None:
    """Removes clicks from timed refreshes, in the whole process; each click still arrives in its own message."""
    answer = AppSession.request_rerun
    if not hasattr(answer, "__wrapped__"):
        AppSession.request_rerun = _without_clicks(answer)  # type: ignore[method-assign]


def _without_clicks(answer: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(answer)
    def request_rerun(session: AppSession, client_state: Any) -> None:
        if client_state and client_state.is_auto_rerun:
            sent = client_state.widget_states.widgets
            remaining = [widget for widget in sent if widget.WhichOneof("value") not in _CLICKS]
            del sent[:]
            sent.extend(remaining)
        answer(session, client_state)

    return request_rerun

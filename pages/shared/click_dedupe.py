"""A click counts once, also when a timer of the page fires in the middle of it.

The browser does not send a click at once but when it next has time, and until then every timed refresh of the page
(`st.fragment(run_every=…)`) carries the click along: Streamlit 1.67 would answer it twice, and Start begin two runs.
With a run in sight, and a browser that was busy drawing it on the two cores that also trained, three of ten clicks did.
"""

import functools
from collections.abc import Callable
from typing import Any

from streamlit.runtime.app_session import AppSession

_CLICKS = ("trigger_value", "string_trigger_value", "chat_input_value", "json_trigger_value")


def count_once() -> None:
    """Takes the clicks out of timed refreshes, in the whole process; each still comes by a message of its own."""
    answer = AppSession.request_rerun
    if not hasattr(answer, "__wrapped__"):
        AppSession.request_rerun = _without_clicks(answer)  # type: ignore[method-assign]


def _without_clicks(answer: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(answer)
    def request_rerun(session: AppSession, client_state: Any) -> None:
        if client_state and client_state.is_auto_rerun:
            sent = client_state.widget_states.widgets
            kept = [widget for widget in sent if widget.WhichOneof("value") not in _CLICKS]
            del sent[:]
            sent.extend(kept)
        answer(session, client_state)

    return request_rerun

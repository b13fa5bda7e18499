"""A part of the page that has just been drawn stays whole when a second part is drawn at the same moment.

Streamlit 1.67 collects the messages to a browser for some milliseconds. If another fragment begins in this time, the
waiting "finished" of the first becomes "finished early", and the browser keeps what the first one removed: after Clear
the old answer stood below the empty canvas, in one of ten tries in which a timer of the page fired at that moment.
"""

import functools
from collections.abc import Callable

from streamlit.runtime.forward_msg_queue import ForwardMsgQueue


def keep_finished_fragments() -> None:
    """Sends all that a fragment has drawn before the next fragment begins, in the whole process."""
    clear = ForwardMsgQueue.clear
    if not hasattr(clear, "__wrapped__"):
        ForwardMsgQueue.clear = _keeping_fragments(clear)  # type: ignore[method-assign]


def _keeping_fragments(clear: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(clear)
    def keep(
        queue: ForwardMsgQueue, retain_lifecycle_msgs: bool = False, fragment_ids_this_run: list[str] | None = None
    ) -> None:
        if retain_lifecycle_msgs and fragment_ids_this_run:
            queue._delta_index_map = {}  # later messages come after the waiting ones, as if those had been sent
        else:
            clear(queue, retain_lifecycle_msgs, fragment_ids_this_run)

    return keep

"""The first tour of a film: offered to a new visitor, and not offered again once it was closed."""

from pathlib import Path
from typing import Any

import streamlit as st

SCRIPT = Path(__file__).with_suffix(".js")
COOKIE = "digit_lab_tour"  # set by the browser when the tour is closed
LINK = "tour"  # `?tour=open` opens the tour of the run in the link at once
_CLOSED = "tour_closed"  # session: a cookie that is set now reaches the server with the next connection only
BUTTON = '<button class="film-again" type="button">Tour</button>'
HTML = """<div class="film-tour" role="region" aria-label="First tour" hidden>
<div class="film-tour-words" tabindex="-1"><i hidden></i><div><b></b><p></p><p class="film-tour-look"></p></div></div>
<div class="film-tour-buttons"><span></span><button class="film-tour-skip" type="button">Skip the tour</button>
<button class="film-tour-back" type="button">Back</button>
<button class="film-tour-next" type="button">Next</button></div>
</div>"""


def data() -> dict[str, Any]:
    """What the film is sent about the tour: whether it is offered, opened at once, or waits for its button."""
    linked = st.query_params.get(LINK) == "open"
    return {"tour": "open" if linked else "" if closed() else "offer", "tour_cookie": COOKIE}


def closed() -> bool:
    """Whether this visitor has finished or skipped the tour."""
    return bool(st.session_state.get(_CLOSED)) or st.context.cookies.get(COOKIE) == "closed"


def close() -> None:
    """The tour is not offered any more."""
    st.session_state[_CLOSED] = True
    st.query_params.pop(LINK, None)

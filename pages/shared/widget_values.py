"""Values of widgets that the page chooses and not the visitor, for example because a link names a view.

Streamlit tells the browser such a value once. If the page is drawn again before that message has left, the browser
never hears of it, shows the widget's first choice, and sends that as the visitor's.
"""

import streamlit as st


def keep(key: str, first: object) -> None:
    """Gives the widget `key` its present value again, `first` at the beginning, so that each drawing tells it.

    Not for boxes of text: what somebody types while the page is drawn would be lost.
    """
    st.session_state[key] = st.session_state.get(key, first)

"""Draw: a digit by hand, the way from its ink to the network, and the network's answer."""

import streamlit as st

from pages.shared import draw_digit, draw_network, frame

frame.page("draw")
with frame.guard():
    network = draw_network.choose()
    if network:
        draw_digit.show(network)
st.html(draw_digit.STYLE)

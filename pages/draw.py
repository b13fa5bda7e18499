"""Draw: a digit by hand, the way from its ink to the network, and the network's answer."""

import streamlit as st

from pages.shared import canvas, draw_digit, draw_hand, draw_network, draw_number, draw_picture, draw_pixels, frame

WAYS = {
    "digit": (":material/draw: One digit", draw_digit.show),
    "number": (":material/pin: A number", draw_number.show),
    "pixels": (":material/grid_on: Pixels", draw_pixels.show),
    "picture": (":material/photo_camera: A picture", draw_picture.show),
    "hand": (":material/back_hand: My hand", draw_hand.show),
}

frame.page("draw")
with frame.guard():
    linked = draw_network.by_link()
    network = draw_network.choose(linked=linked)
    # Whoever sends a digit here, or comes to draw with a network, wants the canvas.
    if linked or st.session_state.get("draw_way") not in WAYS:
        st.session_state["draw_way"] = "digit"
    if network:
        way = st.segmented_control(
            "What to read",
            list(WAYS),
            required=True,
            format_func=lambda name: WAYS[name][0],
            key="draw_way",
            persist_state="session",
            label_visibility="collapsed",
        )
        if way != st.session_state.setdefault("draw_way_before", way):
            st.session_state["draw_way_before"] = way
            canvas.unmounted()
        WAYS[way][1](network)
st.html(draw_digit.STYLE)

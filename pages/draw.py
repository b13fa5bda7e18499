"""Draw: a digit by hand, the steps from its ink to the network's input, and the network's prediction."""

import streamlit as st

from pages.parts.draw import canvas, my_hand, network_choice, number_view, one_digit, picture_view, pixel_editor
from pages.shared import frame
from pages.shared.widget_values import keep

MODES = {
    "digit": (":material/draw: One digit", one_digit.show),
    "number": (":material/pin: A number", number_view.show),
    "pixels": (":material/grid_on: Pixels", pixel_editor.show),
    "picture": (":material/photo_camera: A picture", picture_view.show),
    "hand": (":material/back_hand: My hand", my_hand.show),
}

frame.page("draw")
with frame.guard():
    linked = network_choice.followed_new_link()
    network = network_choice.choose(linked=linked)
    # A link with a digit or a network opens the canvas.
    if linked or st.session_state.get("draw_way") not in MODES:
        st.session_state["draw_way"] = "digit"
    if network:
        keep("draw_way", "digit")
        mode = st.segmented_control(
            "What to read",
            list(MODES),
            required=True,
            format_func=lambda name: MODES[name][0],
            key="draw_way",
            persist_state="session",
            label_visibility="collapsed",
        )
        if mode != st.session_state.setdefault("draw_way_before", mode):
            st.session_state["draw_way_before"] = mode
            canvas.unmounted()
        MODES[mode][1](network)
st.html(one_digit.STYLE)

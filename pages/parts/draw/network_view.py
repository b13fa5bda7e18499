"""The drawn digit on its way through the network."""

import numpy as np
import streamlit as st

from core.drawing.normalise import NormalisedDrawing
from pages.parts.draw.network_choice import NetworkChoice
from pages.shared import foreign_networks
from pages.shared.living_network import ShownImage, living_network, surveyed


def show(network: NetworkChoice, drawn: NormalisedDrawing, probabilities: np.ndarray) -> None:
    """Draws the network for the digit on the canvas."""
    if network.run.foreign:
        st.info(foreign_networks.SENTENCE, icon=":material/info:")
        return
    living, surveys = surveyed(network.reader)
    living_network(
        living.view(drawn.digit, surveys),
        living.config,
        ShownImage(label=None, names=network.names),
        key="draw_network",
    )

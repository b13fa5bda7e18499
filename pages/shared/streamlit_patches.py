"""Changes to Streamlit itself, for the whole server process. The entry script applies them."""

from streamlit import net_util

from pages.shared import click_dedupe, server_guard


def apply() -> None:
    """Applies every patch; a second call does nothing."""
    click_dedupe.count_once()
    # A server for other computers would ask a service on the internet for its address, only to print it.
    net_util.get_external_ip = lambda: None
    server_guard.apply()

"""Changes to Streamlit itself, for the whole server process. The entry script applies them."""

from pages.shared import click_dedupe, memory, message_queue, server_guard, uploads


def apply() -> None:
    """Applies every patch; a second call does nothing."""
    click_dedupe.count_once()
    message_queue.keep_finished_fragments()
    server_guard.apply()
    memory.apply()
    uploads.apply()

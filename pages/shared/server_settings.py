"""The settings of this server, and what the server does at its start."""

import sys

import streamlit as st

from core.classroom import settings as core_settings
from core.classroom import teacher
from core.classroom.settings import Settings
from core.config import environment as environment_settings
from core.errors import DigitLabError
from core.home import home
from core.program import new_key_advice
from pages.shared import server_guard

_REPLACED = "DIGIT_LAB_ANYONE_STOPS"


def settings() -> Settings:
    """The present settings. The file is read each time, so a change counts at once."""
    return core_settings.read(home(), shared=is_shared())


def is_shared() -> bool:
    """Whether other machines can open the pages: this decides the default limits."""
    return not server_guard.is_for_this_machine_alone(st.get_option("server.address"))


def prepare(environment: dict[str, str]) -> None:
    """At the start of the server: writes the file of settings, prints the teacher's key once, and names problems."""
    try:
        home().mkdir(parents=True, exist_ok=True)
        core_settings.create(home())
        if key := teacher.first_key(home()):
            _print(
                f"Teacher's key: {key}\nEnter it on the page “This server” to stop, rename and delete every run and to "
                f"change the limits. It is shown only now. {new_key_advice()}"
            )
    except (DigitLabError, OSError) as error:  # the pages say it, too
        _print(f"The teacher's key cannot be saved: {error}")
    for problem in (*settings().problems, *environment_settings.problems(), *environment_settings.unknown()):
        _print(str(problem))
    if _REPLACED in environment:
        _print(
            f"{_REPLACED} has no effect any more. Now the teacher may stop, rename and delete every run: open "
            "“This server” and enter the teacher's key."
        )


def _print(message: str) -> None:
    print(message, file=sys.stderr, flush=True)

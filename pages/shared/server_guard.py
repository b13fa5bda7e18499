"""What the server refuses: messages that change it for all visitors, and requests under foreign host names.

Streamlit accepts its own maintenance messages from every browser. `clear_cache` empties the caches of all visitors, and
`load_git_info` starts processes and shows file names. On a machine with an AI assistant for programmers, it also offers
visitors to install files for this assistant, in a box on top of every page.
"""

import functools
import ipaddress
import os
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from streamlit import config, net_util
from streamlit.runtime.app_session import AppSession
from streamlit.web import skills

_REFUSED_MESSAGES = ("clear_cache", "load_git_info", "set_run_on_save")
_LOCAL_HOSTS = ["localhost", "127.0.0.1", "::1"]


def apply() -> None:
    """Applies everything to the whole server process; a second call does nothing."""
    refuse_maintenance()
    accept_local_names()
    skills.agent_harness_present = _no_assistant  # asked before the box is shown and before the files are written
    ask_nobody_for_address()
    # Who connects from this machine, for example through a simple tunnel, could otherwise name any network address.
    os.environ.setdefault("FORWARDED_ALLOW_IPS", "")


def ask_nobody_for_address() -> None:
    """To print it, and as soon as a foreign page connects, Streamlit would ask another server for our own address."""
    net_util.get_external_ip = _no_address


def refuse_maintenance() -> None:
    """Ignores `_REFUSED_MESSAGES`."""
    answer = AppSession.handle_backmsg
    if not hasattr(answer, "__wrapped__"):
        AppSession.handle_backmsg = _without_maintenance(answer)  # type: ignore[method-assign]


def accept_local_names() -> None:
    """A server that only this machine can reach answers only under this machine's own names.

    Otherwise a website could point its own name at this machine and then use the dashboard in the visitor's browser
    (DNS rebinding). `--server.allowedHosts` replaces the list, for example behind a reverse proxy.
    """
    if is_loopback(config.get_option("server.address")) and not config.get_option("server.allowedHosts"):
        config.set_option("server.allowedHosts", _LOCAL_HOSTS)


def is_loopback(address: str | None) -> bool:
    """Whether an address leads to this machine alone."""
    if address == "localhost":
        return True
    try:
        return ipaddress.ip_address(address or "").is_loopback
    except ValueError:
        return False


def is_for_this_machine_alone(address: str | None) -> bool:
    """Whether nobody else can open the pages: no other address, and no proxy under another name."""
    names: list[str] = config.get_option("server.allowedHosts")
    return is_loopback(address) and set(names) <= set(_LOCAL_HOSTS)


def host_is_allowed(host: str | None) -> bool:
    """Whether a browser that used this `Host` may see a page.

    Streamlit checks it for each connection, but the first one arrives before the list is set.
    """
    allowed: list[str] = config.get_option("server.allowedHosts")
    if allowed != _LOCAL_HOSTS or not host:
        return True  # Streamlit checks the lists of the operator; tests have no host
    try:
        return urlsplit(f"//{host}").hostname in allowed
    except ValueError:
        return False


def _without_maintenance(answer: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(answer)
    def handle_backmsg(session: AppSession, message: Any) -> None:
        if message.WhichOneof("type") not in _REFUSED_MESSAGES:
            answer(session, message)

    return handle_backmsg


def _no_address() -> None:
    return None


def _no_assistant() -> bool:
    return False

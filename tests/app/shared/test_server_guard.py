"""Messages and addresses that the server refuses."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest
import requests
from streamlit import config, net_util
from streamlit.proto.BackMsg_pb2 import BackendOperationRequest, BackMsg
from streamlit.runtime import backend_operation_handler
from streamlit.runtime.app_session import AppSession
from streamlit.web import skills
from streamlit.web.server import server_util
from streamlit.web.server.starlette.starlette_websocket import is_host_allowed

from pages.shared import server_guard


@pytest.fixture
def guarded(monkeypatch):
    """The guard, on a server that only this machine can reach; afterwards Streamlit is as before."""
    monkeypatch.setattr(AppSession, "handle_backmsg", AppSession.handle_backmsg)
    monkeypatch.setattr(net_util, "get_external_ip", net_util.get_external_ip)
    monkeypatch.setattr(skills, "agent_harness_present", skills.agent_harness_present)
    before = {name: config.get_option(name) for name in ("server.address", "server.allowedHosts", "server.headless")}
    config.set_option("server.address", "127.0.0.1")
    config.set_option("server.allowedHosts", [])
    yield
    for name, value in before.items():
        config.set_option(name, value)


class Session:
    """Records what reaches Streamlit."""

    def __init__(self) -> None:
        self.done: list[str] = []

    def __getattr__(self, name: str):
        return lambda *_: self.done.append(name)


@pytest.mark.usefixtures("guarded")
def test_no_browser_empties_the_caches_of_all(monkeypatch):
    server_guard.apply()
    session = Session()
    AppSession.handle_backmsg(session, BackMsg(clear_cache=True))  # type: ignore[arg-type]
    AppSession.handle_backmsg(session, BackMsg(load_git_info=True))  # type: ignore[arg-type]
    assert session.done == []
    AppSession.handle_backmsg(session, BackMsg(stop_script=True))  # type: ignore[arg-type]
    assert session.done == ["_handle_stop_script_request"]


@pytest.mark.usefixtures("guarded")
@pytest.mark.parametrize(
    ("host", "allowed"),
    [("localhost:8501", True), ("127.0.0.1:8501", True), ("[::1]:8501", True), ("evil.example.org:8501", False)],
)
def test_another_name_that_leads_to_this_machine_is_refused(host, allowed):
    server_guard.apply()
    assert is_host_allowed(host) is allowed
    assert server_guard.host_is_allowed(host) is allowed


@pytest.mark.usefixtures("guarded")
def test_a_server_for_a_class_and_the_operators_own_list_stay_as_they_are():
    config.set_option("server.address", "0.0.0.0")
    server_guard.apply()
    assert is_host_allowed("school.example.org")
    config.set_option("server.address", "127.0.0.1")
    config.set_option("server.allowedHosts", ["school.example.org"])
    server_guard.apply()
    assert is_host_allowed("school.example.org")
    assert not is_host_allowed("localhost")


@pytest.mark.usefixtures("guarded")
def test_no_service_on_the_internet_is_asked_for_the_address_of_this_machine(monkeypatch):
    """Streamlit would ask when a page of another website connects."""
    asked = []
    monkeypatch.setattr(requests, "get", lambda *arguments, **_: asked.append(arguments))
    server_guard.apply()
    assert not server_util.is_url_from_allowed_origins("http://another.example")
    assert not asked


@pytest.mark.usefixtures("guarded")
def test_no_visitor_is_offered_files_for_programmers(monkeypatch, tmp_path):
    """Streamlit would do so on a desktop on which it finds an AI assistant."""
    monkeypatch.setattr(skills, "agent_harness_present", lambda: True)
    monkeypatch.setattr(backend_operation_handler, "connection_locality", lambda _: "loopback")
    config.set_option("server.headless", False)
    server_guard.apply()
    session = SimpleNamespace(id="a visitor", _script_data=SimpleNamespace(is_hello=False, main_script_path=tmp_path))
    assert AppSession._compute_skills_nudge_state(session) == (False, "")  # type: ignore[arg-type]
    installer = backend_operation_handler.InstallSkillsHandler(lambda: str(tmp_path))
    with ThreadPoolExecutor(1) as thread:  # the thread of the tests may have a loop of a browser
        answer = thread.submit(asyncio.run, installer.handle(BackendOperationRequest(), "a visitor")).result()
    assert answer.error_msg
    assert not list(tmp_path.iterdir())

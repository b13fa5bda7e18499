"""Which messages of the browser reach the pages."""

from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.runtime.app_session import AppSession

from pages.shared import click_dedupe


def _message(*, timed: bool) -> ClientState:
    message = ClientState(is_auto_rerun=timed)
    message.widget_states.widgets.add(id="start", trigger_value=True)
    message.widget_states.widgets.add(id="grid", json_trigger_value='["opened"]')
    message.widget_states.widgets.add(id="units", int_value=64)
    return message


def test_a_timed_refresh_carries_no_click_and_every_other_message_does(monkeypatch):
    heard: list[set[str]] = []

    def answer(_: AppSession, message: ClientState) -> None:
        heard.append({widget.id for widget in message.widget_states.widgets})

    monkeypatch.setattr(AppSession, "request_rerun", answer)
    click_dedupe.count_once()
    click_dedupe.count_once()  # as each page does
    for timed in (True, False):
        AppSession.request_rerun(None, _message(timed=timed))
    assert heard == [{"units"}, {"start", "grid", "units"}]

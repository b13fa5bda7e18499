"""The websocket of one page in Streamlit's own protocol, for benchmarks with more visitors than browsers."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import websockets
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.BidiComponent_pb2 import BidiComponent
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

States = Mapping[str, tuple[str, Any]]  # id of a widget → kind of its value (`json_value`, `trigger_value` …), value


def connect(url: str, **options: Any) -> websockets.connect:
    """The websocket of a page. url: of the server. options: as `websockets.connect` has them."""
    address = url.replace("http", "ws") + "/_stcore/stream"
    return websockets.connect(address, max_size=None, subprotocols=["streamlit"], **options)  # type: ignore[list-item]


@dataclass(frozen=True)
class Address:
    """Where a browser is. page: the name in its address. script: what the server calls the page that it has sent.

    Without `script`, the server goes to the first page when it runs the page once more by itself.
    """

    page: str
    query: str = ""
    script: str = ""


def request(at: Address, fragment: str = "", *, auto: bool = False, states: States | None = None) -> bytes:
    """The message that runs a page, or a fragment of it. auto: the timer of the fragment asks, and not the visitor."""
    message = BackMsg()
    rerun = message.rerun_script
    rerun.page_name, rerun.page_script_hash, rerun.query_string = "" if at.script else at.page, at.script, at.query
    rerun.fragment_id, rerun.is_auto_rerun = fragment, auto
    for widget, (kind, value) in (states or {}).items():
        rerun.widget_states.widgets.add(id=widget, **{kind: json.dumps(value) if kind == "json_value" else value})
    return message.SerializeToString()


def read(content: Any) -> ForwardMsg:
    """A message of the server, from its bytes."""
    message = ForwardMsg()
    message.ParseFromString(content)
    return message


def data_of(component: BidiComponent) -> Any:
    """What the server sends to a component. Raises `ValueError` or `TypeError` where it sends none as JSON."""
    (data,) = json.loads(component.json)
    return data

"""What the project changes in Streamlit itself."""

import requests
from streamlit import net_util
from streamlit.web.server import server_util

from pages.shared import streamlit_patches


def test_no_service_on_the_internet_is_asked_for_the_address_of_this_machine(monkeypatch):
    asked = []
    monkeypatch.setattr(requests, "get", lambda *arguments, **_: asked.append(arguments))
    monkeypatch.setattr(net_util, "get_external_ip", net_util.get_external_ip)  # restored after the test
    streamlit_patches.apply()
    assert not server_util.is_url_from_allowed_origins("http://another.example")
    assert not asked

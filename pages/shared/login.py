"""The login with OpenID Connect, if the operator configured it: `[auth]` in `.streamlit/secrets.toml`."""

from collections.abc import Mapping
from typing import Any

import streamlit as st
from streamlit.auth_util import get_secrets_auth_section, is_authlib_installed

from core.classroom.settings import Settings


def is_configured() -> bool:
    """Whether visitors can log in."""
    return bool(get_secrets_auth_section()) and is_authlib_installed()


def user() -> Mapping[str, Any]:
    """The claims of the person who logged in; empty if nobody did."""
    claims = st.user.to_dict() if get_secrets_auth_section() else {}
    return claims if claims.get("is_logged_in") is True and claims.get("sub") else {}


def identity(claims: Mapping[str, Any]) -> bytes:
    """What identifies the person, on every computer: who issued the login, and their number there."""
    return f"login {claims.get('iss', '')} {claims['sub']}".encode()


def name(claims: Mapping[str, Any]) -> str:
    """What the person is called."""
    names = (claims.get(claim) for claim in ("name", "given_name", "preferred_username", "nickname"))
    email = str(claims.get("email") or "").partition("@")[0]
    return next((name for name in names if isinstance(name, str) and name.strip()), email)[:40]


def is_teacher(claims: Mapping[str, Any], settings: Settings) -> bool:
    """Whether the settings make this person a teacher: by a verified e-mail address, or by a claim and its value."""
    email, addresses = claims.get("email"), {address.lower() for address in settings["teacher_emails"]}
    if isinstance(email, str) and claims.get("email_verified") is True and email.lower() in addresses:
        return True
    claim, value = settings["teacher_claim"], settings["teacher_claim_value"]
    given = claims.get(claim) if claim and value else None
    return value in given if isinstance(given, list | tuple) else bool(value) and given == value

"""The data that this project's own components receive."""

from typing import Any


def payload(data: dict[str, Any]) -> list[dict[str, Any]]:
    """Wraps the data in a list; the component's JavaScript unpacks it.

    Streamlit 1.67 checks whether each value of a dictionary is a data frame, and imports pandas for that: 40 MB, and
    half a second for the first visitor. It does not check lists.
    """
    return [data]

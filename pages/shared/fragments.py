"""Fragments with the guard inside: the guard around a page does not reach into a fragment that redraws on its own."""

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import streamlit as st

from core.errors import DigitLabError
from core.formatting import plain
from pages.shared import crowd


@contextmanager
def guard() -> Iterator[None]:
    """Shows an error that the visitor can solve as a sentence. Any other error stays visible as a defect."""
    try:
        yield
    except DigitLabError as error:
        st.error(plain(error.sentence), icon=":material/error:")


def guarded_fragment(*, run_every: float | None = None) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """`st.fragment` for every page: `@guarded_fragment()` or `@guarded_fragment(run_every=2.0)`.

    Streamlit shows an error inside a bare fragment as a red box with a traceback.
    """

    def decorate(draw: Callable[..., Any]) -> Callable[..., Any]:
        @st.fragment(run_every=run_every)
        @functools.wraps(draw)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            crowd.note()
            with guard():
                return draw(*args, **kwargs)

        return guarded

    return decorate

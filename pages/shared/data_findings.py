"""What seems wrong with the data set in use, with buttons that fix or accept it. The files stay as they are."""

from collections.abc import Callable

import streamlit as st

from core.data import fixes
from core.data.checks import Finding
from core.errors import DigitLabError
from core.formatting import plain
from pages.shared import caches

_PROBLEM = "data_findings_problem"  # session: why a choice could not be saved


def show() -> None:
    """Each finding that nobody has accepted; with fixes in use, a button that removes them."""
    source = caches.data().source
    if problem := st.session_state.pop(_PROBLEM, None):
        st.error(plain(problem), icon=":material/error:")
    for finding in source.open_findings:
        _finding(source.key, finding)
    if source.fixes:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.caption(f":material/auto_fix_high: {' '.join(fixes.notes(source.fixes))} The files stay as they are.")
            st.button("Undo", icon=":material/undo:", type="tertiary", key="undo_fixes", on_click=_forget)


def undecided() -> bool:
    """Whether a finding makes the images useless for training, and nobody has fixed or accepted it."""
    return any(finding.serious for finding in caches.data().source.open_findings)


def _finding(key: str, finding: Finding) -> None:
    with st.container(border=True, key=f"finding_{finding.kind}"):
        st.warning(finding.sentence, icon=":material/warning:")
        with st.container(horizontal=True, gap="small"):
            if finding.fix:
                st.button(
                    finding.action,
                    icon=":material/auto_fix_high:",
                    type="primary",
                    key=f"fix_{finding.kind}",
                    on_click=_fix,
                    args=(key, finding.fix),
                    help="Changes how the images are read, for all visitors. The files stay as they are.",
                )
            st.button("Use them as they are", key=f"accept_{finding.kind}", on_click=_accept, args=(key, finding.kind))


def _fix(key: str, fix: str) -> None:
    _save(fixes.add_fix, key, fix)
    caches.data.clear()


def _accept(key: str, kind: str) -> None:
    _save(fixes.accept, key, kind)


def _forget() -> None:
    _save(fixes.forget, caches.data().source.key)
    caches.data.clear()


def _save(change: Callable[..., None], *values: str) -> None:
    """Saves a choice; if the disk is full, the page says so."""
    try:
        change(*values)
    except DigitLabError as error:
        st.session_state[_PROBLEM] = error.sentence

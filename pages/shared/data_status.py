"""The line that names the data in use, and the fetching of the full set behind it."""

import streamlit as st

from core.data import mnist
from pages.shared import caches
from pages.shared.fragments import guarded_fragment


@st.cache_resource(show_spinner=False)
def _fetcher() -> mnist.MnistDownload:
    """The one download for all visitors; begun when the first of them meets the small set."""
    fetcher = mnist.MnistDownload()
    fetcher.start()
    return fetcher


def line() -> None:
    """Names the data set in use. While the full one is fetched, shows how far it is, and takes it when it is there."""
    source = caches.data().source
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        st.markdown(f":material/database: {source.sentence}")
        if not source.complete:
            _progress()


@guarded_fragment(run_every=1.0)
def _progress() -> None:
    fetcher = _fetcher()
    if fetcher.error:
        st.markdown(":orange[All 70,000 could not be fetched.]", help=fetcher.error)
        st.button("Try again", on_click=_fetcher.clear, type="tertiary", icon=":material/refresh:")
    elif fetcher.progress < 1:
        st.progress(fetcher.progress, f"Fetching all 70,000 images: {fetcher.progress:.0%}")
    else:
        caches.data.clear()
        st.rerun()

"""The line that names the data set in use, and the download of the full set."""

import streamlit as st

from core.data import mnist
from core.formatting import count, plain
from core.home import home
from pages.shared import caches
from pages.shared.fragments import guarded_fragment
from pages.shared.visitor import visitor

OFFLINE_AFTER = 4.0  # seconds without data before the page says that there is no connection


@st.cache_resource(show_spinner=False)
def _downloader() -> mnist.MnistDownload:
    """The one download for all visitors; it starts when the first of them sees the small set."""
    downloader = mnist.MnistDownload()
    downloader.start()
    return downloader


@st.cache_resource(show_spinner=False)
def _reload_once() -> None:
    """Reads the data again after a download: once for the server, because this result is cached."""
    caches.data.clear()


@st.cache_resource(show_spinner=False)
def _dismissed() -> set[str]:
    """The visitors who have dismissed the note. A reload or another tab does not bring it back."""
    return set()


def line() -> None:
    """Names the data set in use. While the full set is downloaded, shows the progress; then uses the full set."""
    st.markdown(f":material/database: {plain(caches.data().source.sentence)}")
    if found := caches.data().source.open_findings:
        words = f"{count(len(found), 'problem')} with these images"
        st.page_link("pages/explore.py", label=f":orange[{words}]", icon=":material/warning:")
    if caches.data().source.complete:
        return
    if visitor() not in _dismissed():
        _note()
    elif _downloader().progress >= 1:
        _reload_once()


def _dismiss() -> None:
    _dismissed().add(visitor())


def _retry() -> None:
    _downloader.clear()
    _reload_once.clear()


@guarded_fragment(run_every=1.0)
def _note() -> None:
    """The state of the download. It has its place beside the data line, so the page does not move when it changes."""
    if visitor() in _dismissed():  # the button reruns only this fragment, which would stay with its timer
        st.rerun()
    downloader = _downloader()
    with st.container(horizontal=True, gap="small", vertical_alignment="center", key="download_note"):
        if downloader.progress >= 1:
            _reload_once()
            if caches.data().source.complete:
                st.rerun()
            _problem("The full set was downloaded but cannot be read.", caches.data().source.sentence)
        elif downloader.error:
            _problem("The 70,000 images could not be downloaded.", downloader.error)
        elif downloader.idle_seconds > OFFLINE_AFTER:
            _problem("No connection yet to download all 70,000 images.", "The program is still trying.", retry=False)
        else:
            st.markdown(f":material/download: Downloading all 70,000 images: {downloader.progress:.0%}")


def _problem(sentence: str, reason: str, *, retry: bool = True) -> None:
    st.markdown(f":orange[:material/cloud_off: {sentence}]")
    with st.popover("What to do", type="tertiary"):
        st.markdown(
            "Everything works with the 5,000 images; a network trained on all is more accurate. To add the full "
            "set yourself, do one of these and reload the page:\n\n"
            f"* Put the four MNIST files (`train-images-idx3-ubyte.gz` and so on) in `{home() / 'data'}`.\n"
            "* Put Keras' `mnist.npz` there.\n"
            "* Start Digit Lab with `MNIST_PATH` set to such a file or folder."
        )
        st.caption(plain(reason))
        with st.container(horizontal=True):  # here and not in the line: with a run beside it, the line would wrap
            if retry:
                st.button("Try again", on_click=_retry, icon=":material/refresh:")
            st.button("Dismiss", on_click=_dismiss, icon=":material/close:")

"""What surrounds every page: navigation, title, the data set in use, the run that trains, and error messages."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st

from core.config.recipes import RECIPES
from core.errors import DigitLabError
from core.formatting import plain
from core.runs.run import PAUSED, WAITING, describe
from pages.shared import (
    caches,
    crowd,
    data_status,
    html_links,
    keyboard,
    lost_focus,
    server_guard,
    visitor,
)
from pages.shared.fragments import guard as guard  # for the pages: `frame.guard`
from pages.shared.fragments import guarded_fragment

_INSIDE, _BOUND_FOR, _PAGE = "_inside_navigation", "_bound_for", "_page"
_VISITS, _OPENED = "_visits", "_opened_pages"


@dataclass(frozen=True)
class Page:
    """One screen: the file `pages/<name>.py`, its title and icon in the navigation, and the sentence below its title.

    `card` says on the start page what a visitor finds there; pages without it have no card there. A page that is
    `hidden` is not in the navigation until the visitor has been there: a link leads to it.
    """

    name: str
    title: str
    icon: str
    purpose: str
    card: str = ""
    hidden: bool = False

    @property
    def path(self) -> str:
        return f"pages/{self.name}.py"

    @property
    def navigation(self) -> dict[str, Any]:
        unseen = self.hidden and self.name not in st.session_state.get(_OPENED, ())
        seen: dict[str, Any] = {"visibility": "hidden"} if unseen else {}
        return {"title": self.title, "icon": self.icon, "url_path": self.name, "default": self is PAGES[0], **seen}


PAGES = (
    Page(
        "start",
        "Start",
        ":material/home:",
        "See how a neural network learns to read digits, from the first pixel to your own handwriting.",
    ),
    Page(
        "explore",
        "Explore",
        ":material/grid_view:",
        "Look at the images that train networks and test them.",
        "What does a computer see in a handwritten 4? Browse, sort and map the digits, and find outliers.",
    ),
    Page(
        "prepare",
        "Prepare",
        ":material/conversion_path:",
        "Follow one image to the numbers that a network learns from.",
        "Pixels become numbers between 0 and 1. Each label becomes ten numbers: one 1 and nine 0s. "
        "Follow one digit, step by step.",
    ),
    Page(
        "train",
        "Train",
        ":material/model_training:",
        "Choose a network, press Start and watch it learn.",
        f"Choose one of {len(RECIPES)} recipes or build your own network. See its loss, its accuracy and the network "
        "itself while it learns.",
    ),
    Page(
        "compare",
        "Compare",
        ":material/stacked_line_chart:",
        "Compare runs side by side: which is better, and by how much?",
        "Is 98.1% better than 97.9%, or is that luck? Compare curves and differences, and read the verdict.",
    ),
    Page(
        "evaluate",
        "Evaluate",
        ":material/fact_check:",
        "Find out where a trained network is right, where it is wrong, and why.",
        "Which digits does the network confuse? Click a mistake and see why it happened.",
    ),
    Page(
        "draw",
        "Draw",
        ":material/draw:",
        "Draw a digit and let a trained network read it.",
        "Draw with mouse, pen or finger. See what the network sees, and watch its prediction change.",
    ),
    Page(
        "server",
        "This server",
        ":material/dns:",
        "Who you are here, what visitors may do, and how busy the server is.",
    ),
    Page(
        "board",
        "Class board",
        ":material/groups:",
        "All runs of an assignment, live: what was predicted, and what the networks have reached.",
        hidden=True,
    ),
)
_BY_NAME = {page.name: page for page in PAGES}


def enter(chosen: Any) -> None:
    """The entry script calls this before a page runs. It forwards visitors who came in by a link to a page.

    Until a session has run `st.navigation`, Streamlit runs the files of `pages/` directly: `page` then sends the
    visitor to the entry script, which calls this function.
    """
    if not server_guard.host_is_allowed(st.context.headers.get("Host")):
        st.error("This server does not answer under this name. Open http://localhost with the port of the server.")
        st.stop()
    if goto := st.session_state.pop(_BOUND_FOR, None):
        st.switch_page(goto[0], query_params=goto[1])
    st.session_state[_INSIDE] = True


def page(name: str) -> None:
    """Every page calls this first: shows title, purpose, data set and the run that trains."""
    this = _BY_NAME[name]
    if not st.session_state.pop(_INSIDE, False):
        st.session_state[_BOUND_FOR] = (this.path, st.query_params.to_dict())
        st.switch_page("streamlit_app.py")
    if st.session_state.get(_PAGE) != name:
        st.session_state[_PAGE] = name
        st.session_state[_VISITS] = visits() + 1
        st.session_state[_OPENED] = {*st.session_state.get(_OPENED, ()), name}
    crowd.note()
    with st.container(key="frame", gap="xxsmall"):
        script = f"{html_links.SCRIPT}{keyboard.SCRIPT}{lost_focus.SCRIPT}"
        st.html(f"{_STYLE}{keyboard.STYLE}<script>{script}</script>", unsafe_allow_javascript=True)
        st.title("Digit Lab" if this is PAGES[0] else this.title, anchor=False)
        st.markdown(this.purpose)
        _status(with_epoch=name != "train")


def visits() -> int:
    """How often this visitor has changed the page; components lose their state at each change."""
    return int(st.session_state.get(_VISITS, 0))


def _status(*, with_epoch: bool) -> None:
    try:
        caches.store()
        caches.data()
        visitor.remember()
        with st.container(horizontal=True, key="status", gap="medium", vertical_alignment="center"):
            data_status.line()
            _run_badge(with_epoch=with_epoch)
    except DigitLabError as error:  # without home or data no page can show anything
        st.error(plain(error.sentence), icon=":material/error:")
        st.stop()


def _run_badge(*, with_epoch: bool) -> None:
    """The run that trains. with_epoch: also names its epoch; Train leaves that out because it shows it itself."""
    busy = bool(caches.store().active())
    if busy:
        caches.jobs()  # after a restart of the server, this starts the queue again
    caches.searches()

    @guarded_fragment(run_every=crowd.stretched(2.0) if busy else None)
    def badge() -> None:
        active = caches.store().active()
        if not active:
            if busy:
                st.rerun()  # the last run ended: draw the page again, without the timer
            return
        run, *others = active
        doing = {PAUSED: "Paused:", WAITING: "Waiting:"}.get(run.state, "Training")
        name = plain(run.name) or run.recipe or describe(run.config)  # without its date: there is little space
        text = f"{doing} {name}"
        if with_epoch and run.state != WAITING:
            text += f": epoch {min(len(run.epochs) + 1, run.config.epochs)} of {run.config.epochs}"
        waiting = sum(other.state == WAITING for other in others)
        if training := len(others) - waiting:  # on other devices, or in the same call
            text += f" · {training} more training"
        if waiting:
            text += f" · {waiting} waiting"
        st.page_link("pages/train.py", label=text, icon=":material/model_training:", query_params={"run": run.id})

    badge()


_STYLE = f"<style>{Path(__file__).with_suffix('.css').read_text('utf-8')}</style>"

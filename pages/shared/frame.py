"""What stands around every page: the navigation's guard, the title, the data in use, the run that trains, and the net
under errors that a visitor can mend."""

from dataclasses import dataclass
from typing import Any

import streamlit as st

from core.errors import DigitLabError
from core.runs.run import PAUSED, WAITING, describe
from pages.shared import browser_history, caches, click_dedupe, data_status, html_links, visitor
from pages.shared.fragments import guard as guard  # for the pages: `frame.guard`
from pages.shared.fragments import guarded_fragment

_INSIDE, _BOUND_FOR, _PAGE = "_inside_navigation", "_bound_for", "_page"
_VISITS = "_visits"


@dataclass(frozen=True)
class Page:
    """One screen: the file `pages/<name>.py`, its name in the navigation and the sentence that says what it is for."""

    name: str
    title: str
    icon: str
    purpose: str

    @property
    def path(self) -> str:
        return f"pages/{self.name}.py"

    @property
    def navigation(self) -> dict[str, Any]:
        return {"title": self.title, "icon": self.icon, "url_path": self.name, "default": self is PAGES[0]}


PAGES = (
    Page(
        "start",
        "Start",
        ":material/home:",
        "See a neural network learn to read, from the first pixel to your own hand.",
    ),
    Page(
        "explore",
        "Explore",
        ":material/grid_view:",
        "Look at the digits that networks learn from, and at those that test them.",
    ),
    Page(
        "prepare",
        "Prepare",
        ":material/conversion_path:",
        "Follow one digit from picture to numbers a network can learn from.",
    ),
    Page(
        "train",
        "Train",
        ":material/model_training:",
        "Choose a network, press Start and watch it learn.",
    ),
    Page(
        "compare",
        "Compare",
        ":material/stacked_line_chart:",
        "Set runs side by side and see which is better, and by how much.",
    ),
    Page(
        "evaluate",
        "Evaluate",
        ":material/fact_check:",
        "Find out where a trained network is right, where it is wrong, and why.",
    ),
    Page("draw", "Draw", ":material/draw:", "Draw a digit and let a trained network read it."),
)
_BY_NAME = {page.name: page for page in PAGES}


def enter(chosen: Any) -> None:
    """Called by the entry script just before a page runs; sends a visitor on who came in by a deep link.

    Until one session has run `st.navigation`, Streamlit runs the files of `pages/` on their own: `page` then bounces
    the visitor through the entry script, which lands here.
    """
    if goto := st.session_state.pop(_BOUND_FOR, None):
        st.switch_page(goto[0], query_params=goto[1])
    st.session_state[_INSIDE] = True
    click_dedupe.count_once()


def page(name: str) -> None:
    """The first line of every page: title, purpose, data source and the run that trains."""
    this = _BY_NAME[name]
    if not st.session_state.pop(_INSIDE, False):
        st.session_state[_BOUND_FOR] = (this.path, st.query_params.to_dict())
        st.switch_page("streamlit_app.py")
    if st.session_state.get(_PAGE) != name:
        st.session_state[_PAGE] = name
        st.session_state[_VISITS] = visits() + 1
    with st.container(key="frame", gap="xxsmall"):
        script = f"{browser_history.SCRIPT}{html_links.SCRIPT}{visitor.script()}"
        st.html(f"{_STYLE}<script>{script}</script>", unsafe_allow_javascript=True)
        st.title("Digit Lab" if this is PAGES[0] else this.title, anchor=False)
        st.markdown(this.purpose)
        _status(how_far=name != "train")


def visits() -> int:
    """How often this visitor has changed the page; at each change components forget what they held."""
    return int(st.session_state.get(_VISITS, 0))


def _status(*, how_far: bool) -> None:
    try:
        caches.store()
        caches.data()
        with st.container(horizontal=True, key="status", gap="medium"):
            data_status.line()
            _run_badge(how_far=how_far)
    except DigitLabError as error:  # without a home, or without data, no page has anything to show
        st.error(error.sentence, icon=":material/error:")
        st.stop()


def _run_badge(*, how_far: bool) -> None:
    """The run that trains. `how_far`: with its epoch, which Train itself shows, and sooner."""
    busy = bool(caches.store().active())
    if busy:
        caches.jobs()  # after a restart of the server, somebody must look after what waits
    caches.searches()

    @guarded_fragment(run_every=2.0 if busy else None)
    def badge() -> None:
        active = caches.store().active()
        if not active:
            if busy:
                st.rerun()  # the last one ended: draw the page once more, without the timer
            return
        run, *waiting = active
        doing = {PAUSED: "Paused:", WAITING: "Waiting:"}.get(run.state, "Training")
        text = f"{doing} {run.name or run.recipe or describe(run.config)}"  # without its date: there is little room
        if how_far:
            text += f": epoch {min(len(run.epochs) + 1, run.config.epochs)} of {run.config.epochs}"
        if waiting:
            text += f" · {len(waiting)} waiting"
        st.page_link("pages/train.py", label=text, icon=":material/model_training:", query_params={"run": run.id})

    badge()


_STYLE = """<style>
.st-key-frame > :first-child {display: none} /* this style itself */
.st-key-frame h1 {font-size: 1.9rem; padding: 0 0 .6rem}
.st-key-status p {opacity: .75; font-size: .85rem}
.st-key-status button {min-height: 0; padding: 0}
/* Beside the source a phone has no room for what trains, and how far it is stands at the end of that line. */
@media (max-width: 640px) {
  .st-key-status {gap: .2rem}
  .st-key-status > * {flex: 1 1 100%}
  .st-key-status a p {white-space: normal}
}
.stMainBlockContainer {padding-top: 4.5rem; max-width: 88rem}
.stStatusWidget button {display: none} /* Streamlit's own Stop, which halts the page and not the run */
.stImage img {image-rendering: pixelated; border-radius: 0}
</style>"""

"""What surrounds every page: navigation, title, the data set in use, the run that trains, and error messages."""

from dataclasses import dataclass
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


_STYLE = """<style>
.st-key-frame > :first-child {display: none} /* the style element itself */
.st-key-frame h1 {padding: 0 0 .6rem}
.st-key-status p {font-size: .85rem}
.st-key-status button {min-height: 0; padding: 0}
.st-key-download_note {min-height: 1.75rem}
@media (min-width: 641px) {
  .st-key-status > [data-testid=stLayoutWrapper] {flex: 0 1 max-content} /* a long note needs more */
}
/* The data set and the run stand beside the title, so that a laptop shows a line more of the page. */
@media (min-width: 960px) {
  .st-key-frame {display: grid; grid-template-columns: auto minmax(0, 1fr); column-gap: 2.5rem; align-items: center}
  .st-key-frame > :nth-child(3) {grid-row: 2; grid-column: 1 / -1}
}
/* A phone has no space for the run beside the data set; its epoch is at the end of the line. */
@media (max-width: 640px) {
  .st-key-status {gap: .2rem}
  .st-key-status > * {flex: 1 1 100%}
  .st-key-status a p {white-space: normal}
  .st-key-download_note {min-height: 3.9rem; row-gap: .2rem; align-content: start}
}
/* What belongs to the chosen image of a long grid stays beside it. */
@media (min-width: 641px) {
  .stColumn:has(.st-key-closer, [class*="st-key-closer_"]) {position: sticky; top: 4rem; align-self: flex-start}
}
.stMainBlockContainer {padding-top: 4.5rem; max-width: 88rem}
.stStatusWidget button {display: none} /* Streamlit's own Stop button stops the page, not the run */
/* Streamlit's captions and, in dark, its primary buttons, tags and open popover buttons have too little contrast: WCAG
   asks for 4.5:1 (github.com/streamlit/streamlit/issues/12801). */
[data-testid=stCaptionContainer], [data-testid=stCaptionContainer] p {color: light-dark(#565a68, #a9adbb); opacity: 1}
[data-testid=stBaseButton-primary], [data-testid=stMultiSelect] [data-tag-index] {background: #4f46e5; color: #fff}
[data-testid=stBaseButton-primary]:is(:hover, :active) {background: #4338ca; color: #fff}
[data-testid=stPopoverButton]:is([aria-expanded=true], :active), [data-testid=stBaseButton-tertiary]:active {
  color: inherit}
/* So have most of its colours of code, on a light page. */
.stCode pre .token:is(.comment, .punctuation) {color: light-dark(#565a68, #a9adbb)}
.stCode pre .token:is(.string, .boolean) {color: light-dark(#0a6b2d, #4cc978)}
.stCode pre .token:is(.keyword, .function, .class-name) {color: light-dark(#0b5cad, #60b4ff)}
.stCode pre .token.number {color: light-dark(#0b675b, #3fc4b0)}
.stCode pre .token.operator {color: light-dark(#a94400, #f58b45)}
/* Streamlit lays "Predicting every image …" over the old page, letter upon letter. */
.stMain .stCacheSpinner {
  background: light-dark(#fff, #0f1117); padding: .35rem .8rem; border-radius: .5rem;
  box-shadow: 0 1px 8px rgb(0 0 0 / .3)}
.stImage img {image-rendering: pixelated; border-radius: 0}
</style>"""

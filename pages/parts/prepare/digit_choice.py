"""What Prepare follows: the digit that was chosen, and the step of the lesson; both are in the link."""

from collections.abc import Mapping, Sequence

import numpy as np
import streamlit as st

from core.data.mnist import Mnist
from pages.parts.prepare.lesson import Example, show
from pages.shared import url_state
from pages.shared.digit_grid import montage

_INDEX, _STEP = "prepare_index", "prepare_step"


def choose(data: Mnist) -> Example:
    """The training digit to follow."""
    index = url_state.read("prepare", "index")
    if url_state.number(index, len(data.train)) is None:
        st.warning(
            f"The index must be a whole number from 0 to {len(data.train) - 1:,}. Received: {url_state.quoted(index)}. "
            "Showing 7."
        )
        index = "7"
        url_state.write("prepare", "index", index)  # said once is enough: not again at each of the steps
    st.session_state[_INDEX] = int(index)
    image, label = data.train.images[int(index)], int(data.train.labels[int(index)])
    with st.container(horizontal=True, gap="medium", vertical_alignment="center"):
        st.image(montage(image[None]), width=84, output_format="PNG", alt=f"The digit that is followed, a {label}")
        st.number_input(
            "Follow training digit",
            0,
            len(data.train) - 1,
            key=_INDEX,
            on_change=_take,
            args=("index", _INDEX),
            width=200,
            help=f"It is a {label}.",
        )
        st.button("Another", icon=":material/casino:", on_click=_another, args=(len(data.train),))
        st.page_link(
            "pages/explore.py",
            label="Open in Explore",
            icon=":material/grid_view:",
            query_params={"split": "train", "index": index},
        )
    return Example(data, int(index), image, label)


def choose_step(names: Sequence[str], titles: Mapping[str, str]) -> str:
    """The step of the lesson that is open."""
    step = url_state.read("prepare", "step")
    if step not in names:
        st.warning(
            f"The lesson has the steps {', '.join(names)}. Received: {url_state.quoted(step)}. Showing the first."
        )
        step = names[0]
        url_state.write("prepare", "step", step)
    st.session_state[_STEP] = step
    st.pills(
        "Step",
        names,
        format_func=lambda name: f"**{names.index(name) + 1}** {titles[name]}",
        required=True,
        key=_STEP,
        on_change=_take,
        args=("step", _STEP),
        label_visibility="collapsed",
    )
    done = (names.index(step) + 1) / len(names)
    show(f"<div class='way'><div style='width:{done:.1%}'></div></div>")
    return step


def walk(names: Sequence[str], name: str, titles: Mapping[str, str]) -> None:
    """Buttons to the step before and the step after."""
    at = names.index(name)
    with st.container(horizontal=True, horizontal_alignment="distribute"):
        if at:
            st.button(
                titles[names[at - 1]],
                icon=":material/arrow_back:",
                on_click=url_state.write,
                args=("prepare", "step", names[at - 1]),
                key="before",
                shortcut="P",
            )
        if at + 1 < len(names):
            st.button(
                f"Next: {titles[names[at + 1]]}",
                icon=":material/arrow_forward:",
                type="primary",
                on_click=url_state.write,
                args=("prepare", "step", names[at + 1]),
                key="after",
                shortcut="N",
            )
        elif st.button("Next: Train", icon=":material/arrow_forward:", type="primary", key="train", shortcut="N"):
            st.switch_page("pages/train.py")
    _to_the_top(name)


def _to_the_top(name: str) -> None:
    """Brings the step's beginning into view when the step changes: who presses Next has scrolled to the end."""
    st.html(f"<script>/* {name} */{_SCROLL}</script>", unsafe_allow_javascript=True)


_SCROLL = """
(() => {
  const steps = document.querySelector(".st-key-prepare_step"), main = steps?.closest('[data-testid="stMain"]');
  if (steps && steps.getBoundingClientRect().top < 0) main.scrollBy(0, steps.getBoundingClientRect().top - 70);
})();
"""


def _another(n: int) -> None:
    url_state.write("prepare", "index", np.random.default_rng().integers(n))


def _take(name: str, widget: str) -> None:
    url_state.write("prepare", name, st.session_state[widget])

"""The chosen digit and the open step of the lesson. Both are in the link."""

from collections.abc import Mapping, Sequence

import numpy as np
import streamlit as st

from core.data.mnist import Mnist
from pages.parts.prepare.lesson import Example, show
from pages.shared import url_state
from pages.shared.digit_grid import montage

DEFAULT_INDEX = 7
_INDEX, _STEP = "prepare_index", "prepare_step"


def choose(data: Mnist) -> Example:
    """Lets the visitor choose the training digit that all steps use."""
    index = url_state.read("prepare", "index")
    if url_state.number(index, len(data.train)) is None:
        default = min(DEFAULT_INDEX, len(data.train) - 1)
        st.warning(
            f"There is no training digit {url_state.quoted(index)}. The number must be a whole number from 0 to "
            f"{len(data.train) - 1:,}. This page shows digit {default} instead."
        )
        index = str(default)
        url_state.write("prepare", "index", index)  # warns once, not again on every step
    st.session_state[_INDEX] = int(index)
    image, label = data.train.images[int(index)], int(data.train.labels[int(index)])
    what = "digit" if data.shows_digits else "image"
    name = f"a {label}" if data.shows_digits else f"{data.names[label]}, the label {label}"
    with st.container(horizontal=True, gap="medium", vertical_alignment="center"):
        st.image(montage(image[None]), width=84, output_format="PNG", alt=f"The chosen digit, {name}")
        st.number_input(
            f"Training {what}",
            0,
            len(data.train) - 1,
            key=_INDEX,
            on_change=_take,
            args=("index", _INDEX),
            width=200,
            help=f"Number of the image in the training set. This one is {name}.",
        )
        st.button(f"Random {what}", icon=":material/casino:", on_click=_another, args=(len(data.train),))
        st.page_link(
            "pages/explore.py",
            label="Open in Explore",
            icon=":material/grid_view:",
            query_params={"split": "train", "index": index},
        )
    return Example(data, int(index), image, label)


def choose_step(names: Sequence[str], titles: Mapping[str, str]) -> str:
    """Lets the visitor choose a step of the lesson."""
    step = url_state.read("prepare", "step")
    if step not in names:
        st.warning(
            f"There is no step {url_state.quoted(step)}. The steps are {', '.join(names)}. "
            f"This page shows the first step, {names[0]}."
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


def step_buttons(names: Sequence[str], name: str, titles: Mapping[str, str]) -> None:
    """Buttons that open the previous and the next step."""
    at = names.index(name)
    with st.container(horizontal=True, horizontal_alignment="distribute" if at else "right"):  # Next stays in its place
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
    """Scrolls to the start of a new step, because the Next button is at the end of the page."""
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

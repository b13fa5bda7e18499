"""The way in: what there is to do, in the order in which it makes sense."""

import numpy as np
import streamlit as st

from core.digits import CLASSES
from pages.shared import caches, frame, lesson_pictures
from pages.shared.visitor import visitor

frame.page("start")

_LEARN = {
    "explore": "What does a machine see in a handwritten 4? Browse, sort and map the digits, and find the odd ones.",
    "prepare": "Pixels become numbers between 0 and 1, labels become ten switches. Follow one digit, step by step.",
    "train": "Pick one of five classic recipes or build your own network. Loss and accuracy move while it learns.",
    "compare": "Is 98.1 % better than 97.9 %, or is that luck? Curves, differences and a verdict.",
    "evaluate": "Which digits does it confuse? Click a mistake, see why, and try it from another side.",
    "draw": "Draw with mouse, pen or finger, see what the network sees, and watch it decide.",
}
COLUMNS = 24  # digits of one kind on the wall
_STYLE = """<style>
.st-key-steps {display: grid; grid-template-columns: repeat(auto-fit, minmax(min(17rem, 100%), 1fr)); gap: 1rem}
.st-key-steps > div, .st-key-steps .stPageLink, .st-key-steps .stPageLink > div {width: 100%; height: 100%}
.st-key-steps a {align-items: flex-start; height: 100%; margin: 0; padding: .9rem 1rem 1.3rem}
.st-key-steps a {border: 1px solid #8884; border-radius: .6rem}
.st-key-steps a p {white-space: normal; line-height: 1.6}
.st-key-steps a strong {display: block; margin-bottom: .4rem}
.wall {width: 100%; image-rendering: pixelated}
</style>"""


@st.cache_data(show_spinner=False)
def wall_of_digits(source: str) -> str:
    """Training digits, a row for each digit, as the source of an <img> of 672 by 280 pixels."""
    train = caches.data().train
    rows = [train.images[np.flatnonzero(train.labels == digit)[:COLUMNS]] for digit in range(CLASSES)]
    wall = np.concatenate([np.concatenate(list(row), axis=1) for row in rows if len(row) == COLUMNS])
    return lesson_pictures.source(wall)


def newest_runs() -> None:
    """The visitor's own, or else everybody's: who closes the browser is another visitor the next day."""
    runs = [run for run in caches.store().runs() if not run.shipped]
    mine = [run for run in runs if run.starter == visitor()]
    if not runs:
        return
    st.subheader("Where you left off" if mine else "The newest runs here", anchor=False)
    for run in (mine or runs)[:3]:
        accuracy = run.ended and (run.ended.test_accuracy or run.ended.validation_accuracy)
        reached = f" · {accuracy:.2%} right" if accuracy else ""
        st.page_link(
            "pages/train.py",
            label=f"{run.title} · {run.state}{reached}",
            icon=":material/history:",
            query_params={"run": run.id},
        )


words, wall = st.columns([2, 3], gap="large", vertical_alignment="center")
with words:
    st.markdown(
        "Sixty thousand handwritten digits and a machine that starts out guessing. Watch it go from "
        "one right in ten to ninety-eight in a hundred within seconds, on this computer. You cannot break anything."
    )
    with st.container(horizontal=True):
        if st.button("Draw a digit", type="primary", icon=":material/draw:"):
            st.switch_page("pages/draw.py")
        if st.button("Train your first network", icon=":material/model_training:"):
            st.switch_page("pages/train.py", query_params={"recipe": "quickstart"})
with wall, frame.guard():
    picture = wall_of_digits(caches.data().source.sentence)
    st.html(f'{_STYLE}<img class="wall" src="{picture}" alt="Handwritten digits from MNIST, 0 to 9 in ten rows">')
st.subheader("Six steps, in this order or any other", anchor=False)
with st.container(key="steps"):
    for number, page in enumerate(frame.PAGES[1:], 1):
        st.page_link(page.path, label=f"**{number} · {page.title}** {_LEARN[page.name]}", icon=page.icon)
newest_runs()

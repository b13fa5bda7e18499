"""The way in: what there is to do, in the order in which it makes sense."""

from html import escape

import numpy as np
import streamlit as st

from core.digits import NUM_CLASSES
from pages.shared import caches, frame
from pages.shared.html_links import icon, link
from pages.shared.image_uri import png_uri
from pages.shared.local_time import run_title
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
.start {display: grid; grid-template-columns: 2fr 3fr; gap: 1rem 4rem; align-items: center}
.start > h3, .start > div:not(.first) {grid-column: 1 / -1; padding: 0}
.start .first {display: flex; flex-wrap: wrap; gap: 1rem}
.start .first p {margin: 0; width: 100%}
.start .wall {width: 100%; image-rendering: pixelated}
.start .steps {display: grid; grid-template-columns: repeat(auto-fit, minmax(min(17rem, 100%), 1fr)); gap: 1rem}
.start a {display: flex; gap: .5rem; color: inherit; text-decoration: none; border-radius: .6rem}
.start a {font-size: .875rem; line-height: 1.6}
.start a:focus-visible {outline: 2px solid light-dark(PRIMARY); outline-offset: 2px}
.start .card {border: 1px solid #8884; padding: .9rem 1rem 1.3rem}
.start .card strong {display: block; margin-bottom: .4rem}
.start .card:hover, .start .run:hover {background: color-mix(in srgb, currentcolor 12%, transparent)}
.start .run {padding: .3rem .5rem}
.start .button {border: 1px solid light-dark(BORDER); padding: calc(.55rem - 1px) .75rem; align-items: center}
.start .button:hover {border-color: light-dark(PRIMARY); color: light-dark(PRIMARY)}
.start .button.primary {background: light-dark(PRIMARY); border-color: transparent; color: #fff}
.start .button.primary:hover {color: #fff; filter: brightness(.9)}
.start h3 {margin: 0; padding: .75rem 0 0; font-size: 1.75rem; font-weight: 600; line-height: 1.2}
.start .icon {font: 1rem / 1.4rem "Material Symbols Rounded"; font-feature-settings: "liga"; user-select: none}
@media (max-width: 640px) {.start {grid-template-columns: 1fr}}
</style>"""


@st.cache_data(show_spinner=False)
def wall_of_digits(source: str) -> str:
    """Training digits, a row for each digit, as the source of an <img> of 672 by 280 pixels."""
    train = caches.data().train
    rows = [train.images[np.flatnonzero(train.labels == digit)[:COLUMNS]] for digit in range(NUM_CLASSES)]
    wall = np.concatenate([np.concatenate(list(row), axis=1) for row in rows if len(row) == COLUMNS])
    return png_uri(wall)


def style() -> str:
    """The page's style in the colours of the theme, which are in its settings alone."""
    text = _STYLE
    for name in ("primary", "border"):
        both = ", ".join(st.get_option(f"theme.{mode}.{name}Color") for mode in ("light", "dark"))
        text = text.replace(f"({name.upper()})", f"({both})")
    return text


def newest_runs() -> str:
    """The visitor's own, or else everybody's: who comes with another browser is another visitor."""
    runs = [run for run in caches.store().runs() if not run.shipped]
    mine = [run for run in runs if run.starter == visitor()]
    if not runs:
        return ""
    lines = []
    for run in (mine or runs)[:3]:
        accuracy = run.ended and (run.ended.test_accuracy or run.ended.validation_accuracy)
        reached = f" · {accuracy:.2%} right" if accuracy else ""
        lines.append(
            link("train", f"{icon('history')}{escape(f'{run_title(run)} · {run.state}{reached}')}", "run", run=run.id)
        )
    return f"<h3>{'Where you left off' if mine else 'The newest runs here'}</h3><div>{''.join(lines)}</div>"


wall = ""
with frame.guard():
    wall = wall_of_digits(caches.data().source.sentence)
steps = []
for number, page in enumerate(frame.PAGES[1:], 1):
    told = f"<span><strong>{number} · {page.title}</strong> {_LEARN[page.name]}</span>"
    steps.append(link(page.name, icon(page.icon) + told, "card"))
# All in one element: each further one, and each kind that Streamlit has to fetch, is another round of drawing.
st.html(f"""{style()}<div class="start">
<div class="first"><p>Sixty thousand handwritten digits and a machine that starts out guessing. Watch it go from one
right in ten to ninety-eight in a hundred within seconds, on this computer. You cannot break anything.</p>
{link("draw", f"{icon('draw')}Draw a digit", "button primary")}
{link("train", f"{icon('model_training')}Train your first network", "button", recipe="first-network")}</div>
<img class="wall" src="{wall}" alt="Handwritten digits from MNIST, 0 to 9 in ten rows">
<h3>Six steps, in this order or any other</h3><div class="steps">{"".join(steps)}</div>
{newest_runs()}</div>""")

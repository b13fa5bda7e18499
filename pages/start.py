"""Start: a network that learns, where the visitor left off, and the six pages in the order in which they make sense."""

from html import escape

import numpy as np
import streamlit as st

from core.data.mnist import Mnist
from core.digits import NUM_CLASSES
from core.formatting import percent
from pages.parts.start import film
from pages.shared import caches, frame
from pages.shared.film_data import has_film
from pages.shared.html_links import icon, link
from pages.shared.image_uri import png_uri
from pages.shared.local_time import run_title
from pages.shared.visitor import visitor

frame.page("start")

ALL_OF_MNIST = 54_000  # training images, without those that are held out
COLUMNS = 24  # images in each row of the wall
_STYLE = """<style>
.start {display: grid; gap: 1rem}
.start.first {display: flex; flex-wrap: wrap; gap: 1rem}
.start.first p {margin: 0; width: 100%}
.wall {width: 100%; image-rendering: pixelated}
.start .steps {display: grid; grid-template-columns: repeat(3, 1fr); gap: 1rem}
.start a {display: flex; gap: .5rem; color: inherit; text-decoration: none; border-radius: .6rem}
.start a {font-size: .875rem; line-height: 1.6}
.start a:focus-visible {outline: 2px solid light-dark(PRIMARY); outline-offset: 2px}
.start .card {border: 1px solid #8884; padding: .9rem 1rem 1.3rem}
.start .card strong {display: block; margin-bottom: .4rem}
.start .card:hover, .start .run:hover {background: color-mix(in srgb, currentcolor 12%, transparent)}
.start .run {padding: .3rem .5rem; overflow-wrap: anywhere}
.start .button {border: 1px solid light-dark(BORDER); padding: calc(.55rem - 1px) .75rem; align-items: center}
.start .button:hover {border-color: light-dark(PRIMARY); color: light-dark(PRIMARY)}
.start .button.primary {background: #4f46e5; border-color: transparent; color: #fff}
.start .button.primary:hover {color: #fff; filter: brightness(.9)}
.start h2 {margin: 0; padding: .75rem 0 0; font-size: 1.75rem; font-weight: 600; line-height: 1.2}
.start .icon {font: 1rem / 1.4rem "Material Symbols Rounded"; font-feature-settings: "liga"; user-select: none}
/* The height of the film, which arrives later: what is below does not move. */
.st-key-start_picture {min-height: 350px}
@media (max-width: 1160px) {.st-key-start_picture {min-height: 443px}}
@media (max-width: 900px) {.start .steps {grid-template-columns: repeat(2, 1fr)}}
@media (max-width: 640px) {.start .steps {grid-template-columns: 1fr}}
</style>"""


@st.cache_data(show_spinner=False)
def wall_of_images(source: str) -> str:
    """Training images, one row for each class, as the source of an <img>. Rows of a small set repeat their images."""
    train = caches.data().train
    rows = [np.flatnonzero(train.labels == digit) for digit in range(NUM_CLASSES)]
    wall = [np.concatenate(list(train.images[np.resize(row, COLUMNS)]), axis=1) for row in rows if len(row)]
    return png_uri(np.concatenate(wall))


def style() -> str:
    """The page's style, with the theme's colours from its settings."""
    text = _STYLE
    for name in ("primary", "border"):
        both = ", ".join(st.get_option(f"theme.{mode}.{name}Color") for mode in ("light", "dark"))
        text = text.replace(f"({name.upper()})", f"({both})")
    return text


def newest_runs() -> str:
    """The visitor's own newest runs; if there are none, the newest of all visitors."""
    runs = [run for run in caches.store().runs() if not run.shipped]
    mine = [run for run in runs if run.starter == visitor()]
    if not runs:
        return ""
    lines = []
    for run in (mine or runs)[:3]:
        accuracy = run.ended and (run.ended.test_accuracy or run.ended.validation_accuracy)
        result = f" · {percent(accuracy)} correct" if accuracy else ""
        text = escape(f"{run_title(run)} · {run.state}{result}")
        lines.append(link("train", f"{icon('history')}{text}", "run", run=run.id))
    return f"<h2>{'Where you left off' if mine else 'The newest runs here'}</h2><div>{''.join(lines)}</div>"


def has_runs() -> bool:
    """Whether the visitor has started a run: then they know how a network learns, and no film plays by itself."""
    me = visitor()
    return any(run.starter == me for run in caches.store().runs())


def tour_link() -> str:
    """A link to the tour of the visitor's own newest run that has a film."""
    me = visitor()
    mine = (run for run in caches.store().runs() if run.starter == me and run.ended and has_film(run))
    run = next(mine, None)
    if run is None:
        return ""
    return link("train", f"{icon('tour')}Tour of your newest run", "button", run=run.id, tour="open")


def promise(data: Mnist) -> str:
    """What the first network reaches with the images in use, for the sentence at the top."""
    if not data.shows_digits:
        return "A network starts by guessing: one image in ten is right. After some training, most are right."
    right = "97 in 100" if len(data.train) >= ALL_OF_MNIST else "more than 90 in 100"
    return (
        "A network starts by guessing: one digit in ten is right. After seconds of training on this computer, "
        f"{right} are right."
    )


with frame.guard():
    data = caches.data()
    text, picture = st.columns([2, 3], gap="large", vertical_alignment="center")
    text.html(f"""{style()}<div class="start first">
<p>{promise(data)} Watch how it learns; then a tour shows what happened. You cannot break anything.</p>
{link("draw", f"{icon('draw')}Draw a digit", "button primary")}
{link("train", f"{icon('model_training')}Train your first network", "button", recipe="first-network")}
{tour_link()}</div>""")
    with picture, st.container(key="start_picture"):
        if data.shows_digits:
            film.show(plays=not has_runs())
        else:  # the film is of digits
            wall = wall_of_images(data.source.sentence)
            st.html(f'<img class="wall" src="{wall}" alt="Images of ten classes in ten rows">')
cards = []
for number, page in enumerate((page for page in frame.PAGES if page.card), 1):
    words = f"<span><strong>{number} · {page.title}</strong> {page.card}</span>"
    cards.append(link(page.name, icon(page.icon) + words, "card"))
# One element: Streamlit draws each element in a round of its own.
st.html(f"""<div class="start">{newest_runs()}
<h2>Steps, in any order</h2><div class="steps">{"".join(cards)}</div></div>""")

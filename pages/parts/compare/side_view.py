"""Compare's third view: two runs beside each other on one clock, with what differs between them."""

import streamlit as st

from core.config.changes import changes
from core.formatting import plain
from core.runs.run import Run, describe_rate_changes
from pages.parts.compare.pair_film import pair_film
from pages.shared import caches, url_state
from pages.shared.film_data import NO_FILM, fits, has_film, images_shown
from pages.shared.fragments import guarded_fragment
from pages.shared.local_time import run_title
from pages.shared.missing_runs import say_missing
from pages.shared.run_options import more_runs, run_options
from pages.shared.stable_selectbox import picked, picker
from pages.shared.visitor import marks, own

_SIDES = ("left", "right")
_PLACE = "compare_digit"  # session: which of the fixed images runs through both networks
_MAX_CHANGES = 6


def show() -> None:
    """The choice of two runs, and both as films."""
    runs = _runs()
    if len(runs) < 2:
        st.info("This needs two runs that have ended. Train them first: it takes seconds.", icon=":material/info:")
        st.page_link("pages/train.py", label="Go to Train", icon=":material/arrow_forward:")
        return
    left, right = _choose(runs)
    if left is right:
        st.info("Choose two different runs.", icon=":material/info:")
        return
    st.markdown(_differences(left, right))
    if problems := [sentence for run in (left, right) if (sentence := _problem(run))]:
        for sentence in problems:
            st.info(sentence, icon=":material/info:")
        return
    if note := _unfair(left, right):
        st.caption(note)

    @guarded_fragment()
    def films() -> None:
        place = int(st.session_state.get(_PLACE, 0))
        chosen = pair_film(left, right, place, key=f"pair_{left.id}_{right.id}")
        if chosen != place:
            st.session_state[_PLACE] = chosen
            st.rerun(scope="fragment")

    films()


def _runs() -> dict[str, Run]:
    """The runs that have ended: the visitor's own first, and those with a film before those without."""
    linked = [st.query_params.get(side) for side in _SIDES]
    chosen = [picked(f"compare_{side}") for side in _SIDES]
    active = {run.id for run in caches.store().active()}
    runs = run_options(caches.store().runs(), lambda run: run.id not in active and run.started, keep=(*linked, *chosen))
    # Stable: the newest first in each group.
    runs.sort(key=lambda run: (not has_film(run), not own(run), run.shipped))
    return {run.id: run for run in runs}


def _choose(runs: dict[str, Run]) -> tuple[Run, Run]:
    """The runs of the two boxes; at first those of the link, else the first two."""
    linked = [st.query_params.get(side, "") for side in _SIDES]
    _say_absent([run_id for run_id in linked if run_id and run_id not in runs])
    free = [run_id for run_id in runs if run_id not in linked]
    mark = marks(runs.values())
    labels = {name: run_title(run) + mark[name] + ("" if has_film(run) else " · no film") for name, run in runs.items()}
    found = []
    for column, side, there in zip(st.columns(2), _SIDES, linked, strict=True):
        first = there if there in runs else free.pop(0)
        with column:
            chosen = picker(side.capitalize(), labels, key=f"compare_{side}", first=first, help=more_runs(runs))
        url_state.write("compare", side, chosen)
        found.append(runs[chosen])
    return found[0], found[1]


def _say_absent(linked: list[str]) -> None:
    """Says why a run of the link is not one of the two."""
    active = {run.id: run for run in caches.store().active()}
    for run in (active[run_id] for run_id in linked if run_id in active):
        st.info(
            f"{_title(run)} has not ended yet. You can play it here when it has ended.",
            icon=":material/hourglass_empty:",
        )
    say_missing(*(run_id for run_id in linked if run_id not in active))


def _differences(left: Run, right: Run) -> str:
    found = changes(left.config, right.config)
    more = f" and {len(found) - _MAX_CHANGES} more" if len(found) > _MAX_CHANGES else ""
    words = "Both runs have the same settings."
    if found:
        words = f"From left to right: **{' · '.join(found[:_MAX_CHANGES])}**{more}."
    hands = [
        f" In {plain(run_title(run))} {change}." for run in (left, right) if (change := describe_rate_changes(run))
    ]
    return words + "".join(hands)


def _problem(run: Run) -> str:
    """Why a run cannot be played; empty if it can."""
    if not has_film(run):
        return (
            f"{_title(run)} {NO_FILM} To get one, train a new run with the same settings: open this one on Train, "
            "take its settings, then press Start."
        )
    if not fits(run):
        return f"{_title(run)} was trained with another data set than the one in use, so its film cannot be shown."
    return ""


def _unfair(left: Run, right: Run) -> str:
    """A note if only one of the two trains on the images that are shown."""
    inside = [run for run in (left, right) if images_shown(run) != "validation images"]
    if len(inside) != 1:
        return ""
    return f"{_title(inside[0])} also trains on these images. So its accuracy on them says less."


def _title(run: Run) -> str:
    """A run's title in a sentence: its name is somebody's own text."""
    return plain(run_title(run))

"""Beside Start: the same network with several seeds, which shows how much of a result is luck."""

import streamlit as st

from core.classroom.limits import Limits
from core.config.run_config import RunConfig
from core.errors import DigitLabError, LimitError
from core.formatting import estimate
from core.jobs import packing, repeat
from core.jobs.cluster.records import runs_at_a_time
from core.jobs.waiting_time import seconds_of_seeds
from core.network.forecast import Forecast
from core.runs.store import Run
from pages.parts.train import watched_run
from pages.shared import caches, server_settings
from pages.shared.visitor import current

FAILED = "repeat_failed"  # session: a sentence
_STARTED = "repeats_started"  # session: how many; each has a box of its own, so that the box closes at the start
_DEFAULT = 5
_HELP = (
    "Trains this network several times. Only the seed differs, and so the first weights, the order of the images and "
    "dropout. The spread of the results is luck."
)


def show(config: RunConfig | None, expected: Forecast, *, disabled: bool) -> None:
    """Draws the button that opens the box. config: None if the knobs do not fit. expected: for one run."""
    most, refusal = _most_seeds()
    disabled = disabled or config is None or bool(refusal)
    with st.popover(
        "Repeat with seeds",
        icon=":material/casino:",
        disabled=disabled,
        help=refusal or None,
        width="content",
        key=f"repeat_{st.session_state.get(_STARTED, 0)}",
    ):
        st.caption(_HELP)
        seeds = int(
            st.number_input(
                "Seeds",
                repeat.MIN_SEEDS,
                max(most, repeat.MIN_SEEDS),
                min(_DEFAULT, max(most, repeat.MIN_SEEDS)),
                key="repeat_seeds",
                help=f"The seed of the form and the next ones. At most {most}.",
            )
        )
        at_a_time = runs_at_a_time(caches.store().home, config.device) if config else 1
        in_all = estimate(seconds_of_seeds(seeds, expected, at_a_time))
        together = packing.seeds_per_call(caches.store().home, config) if config else 1
        order = "one after another" if at_a_time == 1 else f"on all free devices, {at_a_time} at a time"
        about = "about"
        if together > 1:
            about, order = "at most", f"together, up to {together} in one call of the GPU"
        st.caption(
            f":material/timer: {about} **{in_all}**. The runs train {order}, each with its own charts. Then Compare "
            "shows mean and spread."
        )
        st.button(
            f"Start {seeds} runs", icon=":material/play_arrow:", type="primary", key="repeat_start", disabled=disabled,
            on_click=_submit, args=(config, seeds, expected),
        )  # fmt: skip


def _most_seeds() -> tuple[int, str]:
    """How many seeds this visitor may choose, and a sentence if they may not repeat runs at all."""
    settings, me = server_settings.settings(), current()
    try:
        Limits(settings).check_sweep(me)
    except LimitError as error:
        return repeat.MAX_SEEDS, error.sentence
    waiting = 0 if me.is_teacher else int(settings["waiting_per_visitor"])
    if waiting == 1:
        return repeat.MAX_SEEDS, "Only one of your runs may wait on this server, so you cannot start several at once."
    return min(repeat.MAX_SEEDS, waiting or repeat.MAX_SEEDS), ""


def _submit(config: RunConfig, seeds: int, expected: Forecast) -> None:
    me, jobs = current(), caches.jobs()
    st.session_state[_STARTED] = st.session_state.get(_STARTED, 0) + 1

    def first() -> Run:
        return repeat.start(jobs, config, seeds, visitor=me, expected=expected)[0]

    try:
        watched_run.watch_new(first)
    except DigitLabError as error:
        st.session_state[FAILED] = error.sentence

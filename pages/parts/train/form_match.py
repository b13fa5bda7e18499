"""The form and the run beside it: in which knobs they differ, and the button that copies the run's knobs."""

import streamlit as st

from core.config.changes import value_text
from core.config.run_config import KNOBS, RunConfig
from core.errors import ConfigError, DigitLabError
from core.runs.store import Run
from pages.parts.train import assignment, watched_run
from pages.shared import caches, controls

_MAX_LISTED = 3  # differences that are spelt out


def show_beside_run(run: Run) -> None:
    """Above the run: how the form differs, with a button that sets the form to its knobs. Nothing if they are equal."""
    differences = _differences(run.config) if _has_knobs(run) else {}
    # Also with nothing in it: what is below it keeps its place, and so the focus.
    with st.container(horizontal=True, gap="small", vertical_alignment="center", key="form_match"):
        if differences == {}:
            return
        if differences is None:
            st.caption("The form has settings that cannot be used.", width="stretch")
        else:
            pairs = [f"{KNOBS[name].label} {value_text(name, form)} (run: {value_text(name, there)})"
                     for name, (form, there) in differences.items()]  # fmt: skip
            more = f" and {len(pairs) - _MAX_LISTED} more" if len(pairs) > _MAX_LISTED else ""
            st.caption(f"The form differs from this run: {', '.join(pairs[:_MAX_LISTED])}{more}.", width="stretch")
        _use(run)


def _use(run: Run) -> None:
    """The button that copies the knobs. The fixed ones of an assignment stay, because with others it takes no run."""
    config = assignment.settable(run.config)
    if _differences(config) == {}:
        return
    st.button(
        "Use these settings",
        key=f"use_{run.id}",
        icon=":material/input:",
        on_click=controls.form().choose,
        args=(config.to_dict(),),
        help="Sets all knobs of the form to those of this run."
        if config == run.config
        else "Sets the knobs that you can set to those of this run.",
    )


def show_below_start() -> None:
    """Below Start: in which knobs the new run will differ from the one that is shown."""
    if not (shown := watched_run.requested_runs()):
        return
    try:
        run = caches.store().get(shown[0])
    except DigitLabError:
        return
    if _has_knobs(run) and (differences := _differences(run.config)):
        labels = [KNOBS[name].label for name in differences]
        more = f" and {len(labels) - _MAX_LISTED} more" if len(labels) > _MAX_LISTED else ""
        st.caption(f"Differs from the run shown: {', '.join(labels[:_MAX_LISTED])}{more}.")


def _has_knobs(run: Run) -> bool:
    """Whether its knobs lead to its network: those of one that was opened from a file are not known."""
    return not (run.is_personalised or run.is_opened_network)


def _differences(config: RunConfig) -> dict[str, tuple[object, object]] | None:
    """Knob → (value in the form, value of the run); None if the form makes no config."""
    try:
        return controls.run_config().differences(config)
    except ConfigError:
        return None

"""The rows of Compare's table, and the runs that the visitor has ticked."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import streamlit as st

from core.config.recipes import RECIPES
from core.config.run_config import KNOB_TYPES, KNOBS
from core.errors import DigitLabError, RunError
from core.evaluation import comparison
from core.evaluation.comparison import RunRow, RunRows, knob_text
from core.evaluation.grouping import group_by_knob
from core.formatting import count, percent
from core.runs.events import FINISHED
from core.runs.store import ACTIVE, PAUSED, RUNNING
from core.runs.summaries import Summaries
from pages.parts.compare.run_table import Table, run_table
from pages.shared import caches, palette
from pages.shared.local_time import local_time, run_title
from pages.shared.missing_runs import say_missing
from pages.shared.visitor import may_control, own, visitor

CHOSEN, DELETED, REFUSED = "compare_chosen", "compare_deleted", "compare_refused"
MAX_KNOBS = 6  # columns for knobs that differ
MAX_SHOWN = 30  # runs in the charts
FIRST_SHOWN = 5


@st.cache_resource(show_spinner=False)
def summaries() -> Summaries:
    """The summaries of all runs, read once for all visitors."""
    return Summaries()


@st.cache_resource(show_spinner=False)
def _rows() -> RunRows:
    return RunRows(caches.store(), summaries())


def rows() -> list[RunRow]:
    """Every run, newest first."""
    return _rows().all(len(caches.data().test))


def chosen(found: list[RunRow]) -> list[RunRow]:
    """The rows in the charts: the ticked ones, those of the link, or at first the visitor's own newest runs."""
    by_id = {row.run.id: row for row in found}
    if CHOSEN not in st.session_state:
        linked = [run for run in _linked() if run in by_id]
        st.session_state[CHOSEN] = linked or [row.run.id for row in own_newest_first(found)[:FIRST_SHOWN]]
    return [by_id[run] for run in st.session_state[CHOSEN] if run in by_id][:MAX_SHOWN]


def own_newest_first(found: Iterable[RunRow]) -> list[RunRow]:
    """The rows with something to draw: the visitor's own before others', finished or training before failed."""
    drawable = [row for row in found if row.summary.started and not row.run.shipped]
    return sorted(drawable, key=lambda row: (not own(row.run), row.state not in (FINISHED, *ACTIVE)))


def say_missing_ones(found: list[RunRow]) -> None:
    """Names the runs of the link that do not exist, until the visitor ticks other runs."""
    here = {row.run.id for row in found}
    say_missing(*(run for run in _linked() if run not in here))


def _linked() -> list[str]:
    return [run for run in st.query_params.get("runs", "").split(",") if run]


def choose(runs: list[str]) -> None:
    """Sets the runs in the charts, also in the link. For callbacks too."""
    st.session_state[CHOSEN] = runs
    st.query_params["runs"] = ",".join(runs[:MAX_SHOWN])


def table(found: list[RunRow], shown: list[RunRow], group_by: str) -> None:
    """Draws the table of `found`, with `shown` ticked, grouped by a knob; an empty text means no groups."""
    knobs = comparison.differing_knobs(row.config for row in found if not row.run.shipped)
    knobs = [name for name in knobs if name != group_by]
    groups = group_by_knob(found, group_by) if group_by else []
    place = {row.run.id: number for number, group in enumerate(groups) for row in group.rows}
    baseline = next((row for row in found if row.run.baseline), None)
    differing = tuple(comparison.differing_knobs(row.config for row in found))
    layout = _Layout(tuple(knobs[:MAX_KNOBS]), baseline, any(row.run.recipe for row in found), differing)
    jobs, here = caches.jobs(), visitor()  # once for hundreds of rows
    ticked = {row.run.id for row in shown}
    content = Table(
        _columns(layout),
        [_row(row, layout, group=place.get(row.run.id, 0), mine=jobs.may_control(row.run, here)) for row in found],
        [group.title for group in groups],
        [row.run.id for row in found if row.run.id in ticked],
        common=_filter_words(found[0], [name for name in KNOBS if name not in differing]) if found else "",
    )
    run_table(content, key="compare_table", on_choose=choose, on_edit=_edit)


def _filter_words(row: RunRow, knobs: Iterable[str]) -> str:
    """The knobs as the filter finds them: `units:64`."""
    return " ".join(f"{name}:{_value(getattr(row.config, name))}" for name in knobs).lower()


def check_owner(run_id: str, action: str) -> None:
    """Raises `RunError` where the run belongs to another visitor."""
    run = caches.store().get(run_id)
    if not may_control(run):
        raise RunError(f"Somebody else started the run {run_title(run)}. Only that person can {action}.")


def _edit(run_id: str, field: str, value: Any) -> None:
    """Saves a name, a note, a star or the baseline; where that is refused, the page says why.

    Everybody may set a star and the baseline, as a class looks at one table: nothing is lost. A name and a note belong
    to their author, and another text would replace them.
    """
    is_text = field in ("name", "note")
    kind = str if is_text else bool
    try:
        if is_text:
            check_owner(run_id, "rename it or write its note")
        caches.store().update(run_id, **{field: kind(value)})
    except DigitLabError as error:
        st.session_state[REFUSED] = error.sentence


@dataclass(frozen=True)
class _Layout:
    """What all rows of the table share. knobs: those with a column; differing: all that are not equal in all runs."""

    knobs: tuple[str, ...]
    baseline: RunRow | None
    recipes: bool
    differing: tuple[str, ...]


def _columns(layout: _Layout) -> list[dict[str, Any]]:
    def column(name: str, label: str, help: str = "", number: bool = False, soft: bool = False) -> dict[str, Any]:
        return {"id": name, "label": label, "help": help, "number": number, "soft": soft}

    against = []
    if layout.baseline:
        words = f"Best validation accuracy minus that of {run_title(layout.baseline.run)}, in percentage points"
        against = [column("gap", "± baseline", words, number=True)]
    return [
        column("state", "State"),
        *([column("recipe", "Recipe")] if layout.recipes else []),
        column("best", "Best val.", "Highest validation accuracy after any epoch", True),
        column(
            "last",
            "Saved val.",
            "Validation accuracy of the saved network: after the last epoch, or after the best epoch where patience "
            "chose it",
            True,
        ),
        *against,
        column(
            "test",
            "Test (95%)",
            "Test accuracy with its 95% interval (Wilson): in 95 of 100 such tests it contains the true accuracy.",
            True,
        ),
        *(column(name, KNOBS[name].label, KNOBS[name].help, KNOB_TYPES[name] is not str) for name in layout.knobs),
        column("parameters", "Parameters", "How many numbers the network learns", True),
        column("seconds", "Seconds", "Training time", True),
        column("device", "Device", soft=True),
        column("when", "Created", soft=True),
    ]


@lru_cache(maxsize=2048)  # the rows of runs that have ended stay the same at every click
def _row(row: RunRow, layout: _Layout, *, group: int, mine: bool) -> dict[str, Any]:
    run, summary = row.run, row.summary
    values = ["" if name in row.config.unused_knobs else getattr(row.config, name) for name in layout.knobs]
    cells = [
        _state(row),
        *([_recipe(run.recipe)] if layout.recipes else []),
        _share(summary.best_validation, row),
        _share(summary.saved_validation, row),
        *([_gap(row, layout.baseline)] if layout.baseline else []),
        _test(row),
        *(["" if value == "" else _value(value), None if value == "" else value, ""] for value in values),
        _number(row.parameters, "{:,}"),
        _number(summary.seconds or None, "{:,.1f}"),
        [row.device.split(" (")[0], row.device, row.device],
        [local_time(run.created) if run.created else "", run.created, ""],
    ]
    words = [run_title(run), run.name, run.note, run.recipe, row.state, row.device, run.sweep]
    return {
        "id": run.id,
        "colour": palette.run_colour(run.colour_index),
        "title": run_title(run),
        "name": run.name,
        "note": run.note,
        "state": row.state,
        "starred": run.starred,
        "baseline": run.baseline,
        "fixed": run.shipped,
        "foreign": not mine,
        "group": group,
        "words": f"{' '.join(words).lower()} {_filter_words(row, layout.differing)}",
        "cells": cells,
    }


def _recipe(name: str) -> list[Any]:
    return [name, name or None, RECIPES[name].title if name in RECIPES else ""]


def _value(value: object) -> str:
    return knob_text(value, "")


def _state(row: RunRow) -> list[Any]:
    if row.state in (RUNNING, PAUSED):
        return [f"{row.state}, {len(row.summary.epochs)} of {row.config.epochs}", row.state, "epochs done"]
    return [row.state, row.state, row.summary.ended.reason if row.summary.ended else ""]


def _share(value: float | None, row: RunRow) -> list[Any]:
    if value is None:
        return ["", None, ""]
    on_test = row.config.validate_on == "test"
    return [f"{percent(value)}{' ᵗ' * on_test}", value, "Measured on the test set, as in its recipe" if on_test else ""]


def _number(value: float | None, form: str) -> list[Any]:
    return ["", None, ""] if value is None else [form.format(value), value, ""]


def _gap(row: RunRow, baseline: RunRow) -> list[Any]:
    here, there = row.validation, baseline.validation
    if row is baseline or here is None or there is None or row.config.validate_on != baseline.config.validate_on:
        return ["", None, ""]
    return [f"{100 * (here - there):+.2f}", here - there, "percentage points of best validation accuracy"]


def _test(row: RunRow) -> list[Any]:
    if row.sealed:
        return ["sealed", None, "Nobody has seen the test accuracy of this run. Open the test set on Evaluate."]
    if row.test is None or row.test_interval is None:
        return ["", None, ""]
    low, high = row.test_interval
    interval = f"{percent(row.test)} [{100 * low:.2f}–{100 * high:.2f}]"
    return [interval, row.test, count(row.test_images, "test image")]

"""Compare's runs as the table has them: what is shown of each, and what is chosen, kept for the visitor."""

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import streamlit as st

from core.config.recipes import RECIPES
from core.config.run_config import KNOB_TYPES, KNOBS
from core.errors import DigitLabError, RunError
from core.evaluation import comparison
from core.evaluation.comparison import Row, Rows
from core.runs.store import PAUSED, RUNNING
from core.runs.summaries import Summaries
from pages.parts.compare.run_table import run_table
from pages.shared import caches, palette
from pages.shared.local_time import local_time, run_title
from pages.shared.missing_runs import say_missing
from pages.shared.visitor import may_control, visitor

REPLACED = ("hidden_layers", "units", "dropout")  # by a stack of layers made by hand
CHOSEN, DELETED, SAID = "compare_chosen", "compare_deleted", "compare_said"
MOST_KNOBS = 6  # columns of knobs that differ; the others are in the row's title
MOST_SHOWN = 30  # runs in the charts
FIRST_SHOWN = 5


@st.cache_resource(show_spinner=False)
def summaries() -> Summaries:
    """What each run came to, read once for all visitors."""
    return Summaries()


@st.cache_resource(show_spinner=False)
def _rows() -> Rows:
    return Rows(caches.store(), summaries())


def rows() -> list[Row]:
    """Every run, newest first."""
    return _rows().all(len(caches.data().test))


def chosen(found: list[Row]) -> list[Row]:
    """The rows in the charts: those ticked, those of the link, or else the newest that have something to draw."""
    by_id = {row.run.id: row for row in found}
    if CHOSEN not in st.session_state:
        linked = _linked()
        drawable = [row.run.id for row in found if row.summary.started and not row.run.shipped]
        st.session_state[CHOSEN] = [run for run in linked if run in by_id] or drawable[:FIRST_SHOWN]
    return [by_id[run] for run in st.session_state[CHOSEN] if run in by_id][:MOST_SHOWN]


def say_missing_ones(found: list[Row]) -> None:
    """Says which runs of the link are not among those `found`, until others are ticked and the link names these."""
    here = {row.run.id for row in found}
    say_missing(*(run for run in _linked() if run not in here))


def _linked() -> list[str]:
    return [run for run in st.query_params.get("runs", "").split(",") if run]


def choose(runs: list[str]) -> None:
    """Sets the runs in the charts; they stay in the link. For callbacks too."""
    st.session_state[CHOSEN] = runs
    st.query_params["runs"] = ",".join(runs[:MOST_SHOWN])


def table(found: list[Row], shown: list[Row], group_by: str) -> None:
    """Draws the table of `found`, with `shown` ticked, grouped by a knob or not at all (an empty text)."""
    knobs = comparison.varying(row.config for row in found if not row.run.shipped)
    knobs = [name for name in knobs if name != group_by]
    groups = comparison.grouped(found, group_by) if group_by else []
    place = {row.run.id: number for number, group in enumerate(groups) for row in group.rows}
    baseline = next((row for row in found if row.run.baseline), None)
    told = tuple(knobs[:MOST_KNOBS]), baseline, any(row.run.recipe for row in found)
    differing = tuple(comparison.varying(row.config for row in found))
    jobs, here = caches.jobs(), visitor()  # once for hundreds of rows
    run_table(
        _columns(*told),
        [
            _row(row, *told, differing, group=place.get(row.run.id, 0), mine=jobs.may_control(row.run, here))
            for row in found
        ],
        [group.title for group in groups],
        [row.run.id for row in found if row in shown],
        common=_spoken(found[0], [name for name in KNOBS if name not in differing]) if found else "",
        key="compare_table",
        on_choose=choose,
        on_tell=_tell,
    )


def _spoken(row: Row, knobs: Iterable[str]) -> str:
    """The knobs as one asks for them in the filter: `units:64`."""
    return " ".join(f"{name}:{_value(getattr(row.config, name))}" for name in knobs).lower()


def respect(run_id: str, what: str) -> None:
    """Raises `RunError` where the run is another visitor's."""
    run = caches.store().get(run_id)
    if not may_control(run):
        raise RunError(f"The run {run_title(run)} was started by somebody else, and only its starter may {what}.")


def _tell(run_id: str, what: str, value: Any) -> None:
    """Keeps what the visitor said of a run. What cannot be kept is said in a sentence.

    A star and the baseline are anybody's to set, as a class looks at one table: nothing is lost by them. A name and a
    note are their author's words, which another's would take the place of.
    """
    words = what in ("name", "note")
    kind = str if words else bool
    try:
        if words:
            respect(run_id, "rename it or write its note")
        caches.store().update(run_id, **{what: kind(value)})
    except DigitLabError as error:
        st.session_state[SAID] = str(error)


def _columns(knobs: Iterable[str], baseline: Row | None, recipes: bool) -> list[dict[str, Any]]:
    def column(name: str, label: str, help: str = "", number: bool = False, soft: bool = False) -> dict[str, Any]:
        return {"id": name, "label": label, "help": help, "number": number, "soft": soft}

    against = []
    if baseline:
        words = f"Best validation accuracy, in points from {run_title(baseline.run)}"
        against = [column("gap", "± baseline", words, number=True)]
    return [
        column("state", "State"),
        *([column("recipe", "Recipe")] if recipes else []),
        column("best", "Best val.", "Highest validation accuracy after any epoch", True),
        column(
            "last",
            "Kept val.",
            "Validation accuracy of the network that is kept: after the last epoch, or after "
            "the best one where patience chose it",
            True,
        ),
        *against,
        column(
            "test",
            "Test (95 %)",
            "Test accuracy, with the interval (Wilson's) that holds the true one in 95 of 100 such tests. Empty while "
            "the test set is sealed.",
            True,
        ),
        *(column(name, KNOBS[name].label, KNOBS[name].help, KNOB_TYPES[name] is not str) for name in knobs),
        column("parameters", "Parameters", "Numbers the network learns", True),
        column("seconds", "Seconds", "Of training", True),
        column("device", "Device", soft=True),
        column("when", "When", soft=True),
    ]


@lru_cache(maxsize=2048)  # the rows of runs that are over are the same ones at every click
def _row(
    row: Row,
    knobs: tuple[str, ...],
    baseline: Row | None,
    recipes: bool,
    differing: tuple[str, ...],
    *,
    group: int,
    mine: bool,
) -> dict[str, Any]:
    run, summary = row.run, row.summary
    unused = REPLACED if row.config.network else ()
    values = ["" if name in unused else getattr(row.config, name) for name in knobs]
    cells = [
        _state(row),
        *([_recipe(run.recipe)] if recipes else []),
        _share(summary.best_validation, row),
        _share(summary.kept_validation, row),
        *([_gap(row, baseline)] if baseline else []),
        _test(row),
        *([_value(value), None if value == "" else value, ""] for value in values),
        _number(row.parameters, "{:,}"),
        _number(summary.seconds or None, "{:,.1f}"),
        [row.device.split(" (")[0], row.device, row.device],
        [local_time(run.created) if run.created else "", run.created, ""],
    ]
    spoken = [run_title(run), run.name, run.note, run.recipe, row.state, row.device, run.sweep]
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
        "words": f"{' '.join(spoken).lower()} {_spoken(row, differing)}",
        "cells": cells,
    }


def _recipe(name: str) -> list[Any]:
    return [name, name or None, RECIPES[name].title if name in RECIPES else ""]


def _value(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _state(row: Row) -> list[Any]:
    if row.state in (RUNNING, PAUSED):
        return [f"{row.state}, {len(row.summary.epochs)} of {row.config.epochs}", row.state, "epochs done"]
    return [row.state, row.state, row.summary.ended.reason if row.summary.ended else ""]


def _share(value: float | None, row: Row) -> list[Any]:
    if value is None:
        return ["", None, ""]
    on_test = row.config.validate_on == "test"
    return [f"{value:.2%}{' ᵗ' * on_test}", value, "Validated on the test set, as its recipe has it" if on_test else ""]


def _number(value: float | None, form: str) -> list[Any]:
    return ["", None, ""] if value is None else [form.format(value), value, ""]


def _gap(row: Row, baseline: Row) -> list[Any]:
    here, there = row.validation, baseline.validation
    if row is baseline or here is None or there is None or row.config.validate_on != baseline.config.validate_on:
        return ["", None, ""]
    return [f"{100 * (here - there):+.2f}", here - there, "points of best validation accuracy"]


def _test(row: Row) -> list[Any]:
    if row.sealed:
        return ["sealed", None, "Nobody has looked at this run's test figures yet; open them on Evaluate"]
    if row.test is None or row.test_interval is None:
        return ["", None, ""]
    low, high = row.test_interval
    return [f"{row.test:.2%} [{100 * low:.2f}–{100 * high:.2f}]", row.test, f"{row.test_images:,} test images"]

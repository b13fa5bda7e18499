"""The runs that a selection box offers: nobody reads thousands, and they would make each page slow."""

from collections.abc import Callable, Collection, Iterable

from core.runs.run import Run
from pages.shared.visitor import own_first

MAX_OPTIONS = 200


def run_options(
    runs: Iterable[Run], fits: Callable[[Run], object] = lambda run: True, *, keep: Collection[str | None] = ()
) -> list[Run]:
    """The runs that fit: the visitor's own first, at most `MAX_OPTIONS`. keep: ids of runs that are never left out.

    `fits` may read files: it is asked only until there are enough runs.
    """
    found: list[Run] = []
    for run in own_first(runs):
        if (len(found) < MAX_OPTIONS or run.shipped or run.id in keep) and fits(run):
            found.append(run)
    return found


def more_runs(options: Collection[object]) -> str | None:
    """What the box explains if it does not offer all runs."""
    if len(options) < MAX_OPTIONS:
        return None
    return "The list is long, so it has your own runs and the newest ones. A link opens an older run: ?run= and its id."

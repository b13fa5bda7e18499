"""The code of `core.augment` that redraws training images, as one piece of Python that needs NumPy alone.

A program that was downloaded contains it, so that it trains on exactly the images of the run.
"""

import ast
import inspect
from functools import cache
from types import ModuleType

from core.augment import handwriting_styles, redraw, redraw_plan, render, skeletons
from core.data import random_streams
from core.digits import SIDE

_MODULES = (random_streams, skeletons, handwriting_styles, redraw_plan, render, redraw)  # each uses those before it
KNOBS_CLASS = "RedrawKnobs"  # in the place of `RunConfig`
_HEAD = f'''# How Digit Lab draws new training images for each epoch, from its modules random_streams, skeletons,
# handwriting_styles and redraw. Each epoch depends on the seed alone, so the images are those of the run.

{{imports}}

SIDE = {SIDE}  # pixels


class {KNOBS_CLASS}(NamedTuple):
    """How images are redrawn."""

    augmentation: float
    pen: float
    styles: float
    unchanged: float
    seed: int
    epochs: int'''


@cache
def redraw_source() -> str:
    """Python that defines `EpochPrefetcher`, `Redrawer` and `RedrawKnobs`; it needs `np`."""
    imports, bodies = {"from typing import NamedTuple"}, []
    for module in _MODULES:
        taken, body = _split(module)
        imports |= taken
        bodies.append(f"# {module.__name__.rpartition('.')[2]}\n\n{body}")
    return "\n\n\n".join([_HEAD.format(imports="\n".join(_merged(imports))), *bodies])


def _split(module: ModuleType) -> tuple[set[str], str]:
    """The imports of the standard library in a module, one a line, and what follows its docstring and imports."""
    source = inspect.getsource(module)
    nodes = ast.parse(source).body
    first = next(place for place, node in enumerate(nodes[1:], 1) if not isinstance(node, ast.Import | ast.ImportFrom))
    imports = {
        f"from {node.module} import {alias.name}"
        for node in nodes[:first]
        if isinstance(node, ast.ImportFrom) and not str(node.module).startswith("core")
        for alias in node.names
    }
    lines = source.splitlines()[nodes[first - 1].end_lineno or 0 :]
    return imports, "\n".join(lines).strip("\n").replace("RunConfig", KNOBS_CLASS)


def _merged(imports: set[str]) -> list[str]:
    """One line for each module."""
    modules: dict[str, list[str]] = {}
    for line in sorted(imports):
        _, module, _, name = line.split()
        modules.setdefault(module, []).append(name)
    return [f"from {module} import {', '.join(names)}" for module, names in modules.items()]

"""Small parts: modules, classes and signatures that can be read at once, and rules that are written in one place."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from core.config.run_config import HELD_OUT
from tests.conftest import ROOT

MAX_MODULE_LINES, MAX_CLASS_LINES, MAX_PARAMETERS = 250, 150, 6
DECLARES_KNOBS = Path("core/config/run_config.py")  # one entry for each knob: long, but read like a table
modules = sorted(path.relative_to(ROOT) for top in ("core", "pages") for path in (ROOT / top).rglob("*.py"))


@cache
def parsed(module: Path) -> ast.Module:
    return ast.parse((ROOT / module).read_text("utf-8"))


def parameters(function: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> list[str]:
    given = function.args
    named = [argument.arg for argument in [*given.posonlyargs, *given.args, *given.kwonlyargs]]
    return [name for name in named if name not in ("self", "cls")]


def long_signatures(module: Path) -> Iterator[str]:
    for node in ast.walk(parsed(module)):
        is_function = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        if is_function and len(parameters(node)) > MAX_PARAMETERS:
            yield f"line {node.lineno}: {', '.join(parameters(node))}"


@pytest.mark.parametrize("module", modules, ids=str)
def test_a_function_has_at_most_six_parameters(module: Path):
    assert not list(long_signatures(module)), "put those that belong together into a value object"


@pytest.mark.parametrize("module", [module for module in modules if module != DECLARES_KNOBS], ids=str)
def test_modules_and_classes_are_short(module: Path):
    assert len((ROOT / module).read_text("utf-8").splitlines()) <= MAX_MODULE_LINES, "find its second subject"
    classes = [node for node in ast.walk(parsed(module)) if isinstance(node, ast.ClassDef)]
    assert not [each.name for each in classes if (each.end_lineno or 0) - each.lineno >= MAX_CLASS_LINES]


def test_one_place_names_the_value_of_a_knob_that_others_depend_on():
    literals = [
        str(module)
        for module in modules
        for node in ast.walk(parsed(module))
        if isinstance(node, ast.Constant) and node.value == HELD_OUT and module != DECLARES_KNOBS
    ]
    assert not literals, "use `config.holds_out` or `HELD_OUT`"

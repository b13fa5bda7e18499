"""The layout: packages import only what stands above them, Keras stays in `training`, and a page owns its parts."""

import ast
from functools import cache
from pathlib import Path

import pytest

from tests.conftest import ROOT

ORDER = [
    "devices", "config", "data", "lesson", "augment", "drawing", "runs", "network", "classroom", "evaluation",
    "training", "jobs",
]  # fmt: skip
MAX_AT_THE_TOP = 12  # modules beside the packages of `core`
FREE = {Path("core/__main__.py")}  # the command line: an entry point, above everything
MAY_IMPORT_KERAS = {
    Path("core/devices/computing.py")
}  # inside the functions that ask for a device; all of `training` may
core_modules = sorted(path.relative_to(ROOT) for path in (ROOT / "core").rglob("*.py"))
part_modules = sorted(path.relative_to(ROOT) for path in (ROOT / "pages/parts").rglob("*.py"))
shared_modules = sorted(
    path.relative_to(ROOT) for path in (ROOT / "pages/shared").glob("*.py") if path.stem != "__init__"
)
page_modules = [*part_modules, *shared_modules, *(path.relative_to(ROOT) for path in (ROOT / "pages").glob("*.py"))]
page_modules += [Path("streamlit_app.py")]
PAGES = sorted(path.stem for path in (ROOT / "pages").glob("*.py") if path.stem != "__init__")


@cache
def imports(module: Path) -> set[str]:
    """Every dotted name that a module imports, at its top or inside a function."""
    names: set[str] = set()
    for node in ast.walk(ast.parse((ROOT / module).read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def package(module: Path) -> str:
    """The package of `core` that a module belongs to; empty for those at the top."""
    return module.parts[1] if len(module.parts) > 2 else ""


def name_of(module: Path) -> str:
    return ".".join(module.with_suffix("").parts)


@cache
def pages_that_use(module: Path) -> set[str]:
    """The pages whose scripts or parts import a shared module, themselves or by way of another shared one."""
    if module == Path("streamlit_app.py"):
        return set(PAGES)
    if module.parts[1] != "shared":
        return {module.parts[2] if module.parts[1] == "parts" else module.stem}
    importers = [other for other in page_modules if other != module and name_of(module) in modules_imported(other)]
    return set[str]().union(*map(pages_that_use, importers))


@cache
def modules_imported(module: Path) -> set[str]:
    return imports(module) | {name.rpartition(".")[0] for name in imports(module)}


@pytest.mark.parametrize("module", [module for module in core_modules if package(module)], ids=str)
def test_a_package_imports_only_packages_above_it(module: Path):
    above = set(ORDER[: ORDER.index(package(module)) + 1])
    used = {name.split(".")[1] for name in imports(module) if name.startswith("core.")} & set(ORDER)
    assert used <= above, f"{module} imports {used - above}, which stands below it"


@pytest.mark.parametrize("module", [module for module in core_modules if not package(module)], ids=str)
def test_what_stands_at_the_top_imports_no_package(module: Path):
    used = {name.split(".")[1] for name in imports(module) if name.startswith("core.")} & set(ORDER)
    assert module in FREE or not used


def test_few_modules_stand_at_the_top():
    assert len([module for module in core_modules if not package(module)]) <= MAX_AT_THE_TOP


def test_every_package_says_what_lives_there():
    for name in ORDER:
        assert ast.get_docstring(ast.parse((ROOT / f"core/{name}/__init__.py").read_text("utf-8"))), name


@pytest.mark.parametrize("module", core_modules, ids=str)
def test_core_never_imports_streamlit_or_pages(module: Path):
    assert not {name for name in imports(module) if name.split(".")[0] in {"streamlit", "pages"}}


@pytest.mark.parametrize("module", [module for module in core_modules if package(module) != "training"], ids=str)
def test_only_training_imports_keras(module: Path):
    heavy = {name for name in imports(module) if name.split(".")[0] in {"keras", "tensorflow", "jax"}}
    assert not heavy or module in MAY_IMPORT_KERAS


@pytest.mark.parametrize("module", part_modules, ids=str)
def test_a_part_of_a_page_imports_no_part_of_another(module: Path):
    others = {name.split(".")[2] for name in imports(module) if name.startswith("pages.parts.")} - {module.parts[2]}
    assert not others


@pytest.mark.parametrize("module", shared_modules, ids=str)
def test_what_is_shared_serves_at_least_two_pages(module: Path):
    pages = pages_that_use(module)
    assert len(pages) >= 2, f"{module} belongs to pages/parts/{''.join(pages)}"

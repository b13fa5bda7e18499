"""The reading order of `core`: a module imports only what stands above it, so cycles cannot arise."""

import ast
from pathlib import Path

import pytest

CORE = Path(__file__).parents[2] / "core"
READING_ORDER = [
    "errors",
    "waking",
    "programs",
    "layers",
    "knob",
    "config",
    "recipes",
    "events",
    "files",
    "keeping",
    "timeline",
    "digits",
    "mnist_files",
    "fetching",
    "mnist",
    "preparation",
    "lesson",
    "printed",
    "worked_out",
    "atlas",
    "oddities",
    "background",
    "studies",
    "traits",
    "drawing",
    "strokes",
    "familiar",
    "segmentation",
    "photo",
    "hand",
    "batches",
    "centre_lines",
    "european",
    "variations",
    "augment",
    "metrics",
    "coach",
    "calibration",
    "significance",
    "importance",
    "neighbours",
    "architecture",
    "forward",
    "backward",
    "schedules",
    "devices",
    "models",
    "lit",
    "twin",
    "traced",
    "steps",
    "engine_tensorflow",
    "engine_jax",
    "engine",
    "snapshots",
    "training",
    "predict",
    "run",
    "reader",
    "explain",
    "runs",
    "curves",
    "forecast",
    "script",
    "evaluations",
    "bundle",
    "finetune",
    "teaching",
    "robustness",
    "summaries",
    "comparison",
    "spreadsheet",
    "verdict",
    "sweep",
    "control",
    "search",
    "rehearsal",
    "worker",
    "workers",
    "jobs",
    "__main__",
]
MAY_IMPORT_KERAS = {
    "devices",  # only where a run begins: pages ask it how busy the device is
    "models",
    "lit",
    "twin",
    "traced",
    "steps",
    "engine_tensorflow",
    "engine_jax",
    "engine",
    "snapshots",
    "training",
    "predict",
    "finetune",
    "waking",
}
modules = sorted(path.stem for path in CORE.glob("*.py") if path.stem != "__init__")


def imported(module: str) -> set[str]:
    """Every name a module imports, at its top or inside a function."""
    names: set[str] = set()
    for node in ast.walk(ast.parse((CORE / f"{module}.py").read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


@pytest.mark.parametrize("module", modules)
def test_a_module_imports_only_what_stands_above_it(module: str):
    assert module in READING_ORDER, f"give core/{module}.py its place in READING_ORDER"
    above = set(READING_ORDER[: READING_ORDER.index(module)])
    used = {name.split(".")[1] for name in imported(module) if name.startswith("core.")}
    assert used <= above, f"core/{module}.py imports {used - above}, which stands below it"


@pytest.mark.parametrize("module", modules)
def test_core_never_imports_streamlit(module: str):
    assert not {name for name in imported(module) if name.split(".")[0] == "streamlit"}


@pytest.mark.parametrize("module", sorted(set(modules) - MAY_IMPORT_KERAS))
def test_keras_stays_in_its_own_rooms(module: str):
    assert not {name for name in imported(module) if name.split(".")[0] in {"keras", "tensorflow", "jax"}}

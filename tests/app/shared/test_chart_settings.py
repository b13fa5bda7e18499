"""No chart offers to upload itself: Plotly's "Share chart…" sends its data to Plotly Cloud."""

import ast
import json
import re
from pathlib import Path

import pytest

from core.runs.store import RunStore
from pages.parts.draw.one_digit import VIEWS as DRAW_VIEWS
from pages.parts.explore.views import VIEWS as EXPLORE_VIEWS
from pages.parts.prepare.steps import NAMES
from tests.app.train_page import rerun
from tests.conftest import ROOT
from tests.small_run import SMALL, train

PAGES = ROOT / "pages"
EVALUATE_VIEWS = ("figures", "gallery", "digit", "trust", "robustness", "inside", "network", "pair")
INSIDE = ("digit", "layers", "weights", "map", "dead")
CALLS = {
    path.relative_to(ROOT): [
        node
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "plotly_chart"
    ]
    for path in sorted(PAGES.rglob("*.py"))
}
SCRIPTS = [
    path for path in sorted(PAGES.rglob("*.js")) if re.search(r"Plotly\.(react|newPlot)\(", path.read_text("utf-8"))
]


@pytest.mark.parametrize("module", [module for module, calls in CALLS.items() if calls], ids=str)
def test_a_chart_of_streamlit_has_no_buttons(module: Path):
    constants = {
        target.id: node.value
        for node in ast.parse((ROOT / module).read_text("utf-8")).body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for call in CALLS[module]:
        config = next((keyword.value for keyword in call.keywords if keyword.arg == "config"), None)
        config = constants.get(config.id) if isinstance(config, ast.Name) else config
        assert config is not None, f"{module}:{call.lineno} names no config"
        assert ast.literal_eval(config)["displayModeBar"] is False, f"{module}:{call.lineno}"


def test_the_project_s_own_charts_use_the_common_settings():
    assert len(SCRIPTS) >= 2, "the live charts and those of Compare"
    for path in SCRIPTS:
        for arguments in re.findall(r"Plotly\.(?:react|newPlot)\((.*)\);", path.read_text("utf-8")):
            assert "plotSettings(" in arguments, path.name
    settings = (PAGES / "shared/common.js").read_text("utf-8")
    assert '"sendChartToCloud"' in settings
    assert 'plotlyServerURL: ""' in settings


def charts(app) -> list:
    assert not app.exception
    return app.get("plotly_chart")


@pytest.mark.slow
def test_no_chart_on_any_page_or_view_has_buttons(open_page, home, monkeypatch):
    store = RunStore(home)
    runs = [train(store, SMALL, name=f"Charts {number}")[0].id for number in range(2)]
    found = {}
    for view in EXPLORE_VIEWS:
        found["explore", view] = charts(open_page("explore", view=view))
    for step in NAMES:
        found["prepare", step] = charts(open_page("prepare", step=step))
    for view in EVALUATE_VIEWS:
        found["evaluate", view] = charts(open_page("evaluate", run=runs[0], view=view))
    app = open_page("evaluate", run=runs[0], view="inside")
    for part in INSIDE:
        app.session_state["evaluate_inside"] = part
        found["evaluate", "inside", part] = charts(rerun(app))
    app = open_page("draw", run=runs[0], send="validation:3")
    for view in DRAW_VIEWS:
        app.session_state["draw_view"] = view
        found["draw", view] = charts(rerun(app))
    for page in ("start", "train", "compare"):
        found[page] = charts(open_page(page, **({} if page == "start" else {"run": runs[0], "runs": ",".join(runs)})))
    for run in runs:
        store.delete(run)
    for where, on_page in found.items():
        for chart in on_page:
            assert json.loads(chart.proto.config)["displayModeBar"] is False, where
    assert {where[:2] for where, on_page in found.items() if on_page} >= {
        ("explore", "counts"), ("explore", "means"), ("prepare", "one-step"), ("evaluate", "trust"),
        ("evaluate", "robustness"), ("evaluate", "inside"), ("draw", "probe"),
    }  # fmt: skip

"""What the documents promise exists, and what exists is documented."""

import re
import tomllib
from pathlib import Path

import pytest

from core.classroom.setting_list import LIMITS, SECTIONS, SETTINGS
from core.config.recipes import RECIPES
from core.config.run_config import KNOBS

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")


@pytest.mark.parametrize("page", sorted(path.stem for path in (ROOT / "pages").glob("*.py") if path.stem != "__init__"))
def test_the_readme_names_every_page(page: str):
    assert f"**{page.title()}**" in README


@pytest.mark.parametrize("name", KNOBS)
def test_the_readme_names_every_knob(name: str):
    assert f"`{name}`" in README


@pytest.mark.parametrize("name", RECIPES)
def test_the_readme_names_every_recipe(name: str):
    assert f"`{name}`" in README


@pytest.mark.parametrize("name", [setting.name for setting in SECTIONS[LIMITS][1]])
def test_the_table_of_limits_has_the_defaults(name: str):
    table = (ROOT / "docs/classroom.md").read_text("utf-8")
    shared, alone = re.search(rf"^\| `{name}`: .* \| ([^|]*) \| ([^|]*) \|$", table, re.MULTILINE).groups()
    assert [_shown(SETTINGS[name].shared), _shown(SETTINGS[name].alone)] == [_number(shared), _number(alone)]


def _shown(value: bool | int | str) -> str:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value or "no limit")


def _number(cell: str) -> str:
    return re.sub(r" (s|GB|MB)$", "", cell.strip()).replace(",", "")


def test_every_file_the_documents_link_to_is_there():
    for document in [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")]:
        for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", document.read_text("utf-8")):
            assert (document.parent / target).exists(), f"{document.name} links to {target}"


def test_pictures_in_the_documents_stay_small():
    for picture in (ROOT / "docs").rglob("*.png"):
        assert picture.stat().st_size < 300_000, f"{picture.name} has {picture.stat().st_size:,} bytes"


def test_recordings_in_the_documents_stay_small():
    for recording in (ROOT / "docs").rglob("*.webp"):
        assert recording.stat().st_size <= 1_500_000, f"{recording.name} has {recording.stat().st_size:,} bytes"


def test_requirements_pin_every_package_exactly():
    for name in ("requirements.txt", "requirements-dev.txt", "requirements-gpu.txt", "requirements-ray.txt"):
        lines = [line for line in (ROOT / name).read_text().splitlines() if line and not line.lstrip().startswith("#")]
        assert lines
        assert all(re.match(r"[\w.\-\[\]]+==[\w.]+( ;.*)?$", line) for line in lines)


def test_the_app_and_its_tests_run_on_the_same_versions():
    names = ("requirements.txt", "requirements-dev.txt", "requirements-gpu.txt", "requirements-ray.txt")
    files = ((ROOT / name).read_text().splitlines() for name in names)
    app, dev, gpu, ray = ({line.partition(" ;")[0] for line in lines if "==" in line} for lines in files)
    assert app <= dev
    assert app <= gpu
    assert app <= ray


def test_the_package_with_a_gpu_is_the_same_version_everywhere():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    (plain,) = (name for name in project["dependencies"] if name.startswith("tensorflow=="))
    with_gpu = plain.replace("tensorflow", "tensorflow[and-cuda]")
    assert project["optional-dependencies"]["gpu"] == [with_gpu]
    assert with_gpu in README

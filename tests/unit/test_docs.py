"""What the documents promise exists, and what exists is documented."""

import re
from pathlib import Path

import pytest

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


def test_every_file_the_documents_link_to_is_there():
    for document in [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")]:
        for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", document.read_text("utf-8")):
            assert (document.parent / target).exists(), f"{document.name} links to {target}"


def test_pictures_in_the_documents_stay_small():
    for picture in (ROOT / "docs").rglob("*.png"):
        assert picture.stat().st_size < 300_000, f"{picture.name} has {picture.stat().st_size:,} bytes"


def test_requirements_pin_every_package_exactly():
    for name in ("requirements.txt", "requirements-dev.txt"):
        lines = [line for line in (ROOT / name).read_text().splitlines() if line and not line.lstrip().startswith("#")]
        assert lines
        assert all(re.match(r"[\w.\-\[\]]+==[\w.]+( ;.*)?$", line) for line in lines)


def test_the_app_and_its_tests_run_on_the_same_versions():
    app, dev = ({*(ROOT / name).read_text().splitlines()} for name in ("requirements.txt", "requirements-dev.txt"))
    assert {line for line in app if "==" in line} <= dev

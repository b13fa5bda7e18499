"""The wheel in a fresh environment: read-only and from another working directory, pages open and networks train.

The environment sees the packages of the tests' own one by a .pth file, so nothing is downloaded. pip still checks that
they are what the wheel asks for.
"""

import json
import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from playwright.sync_api import Browser, expect

from core.config.recipes import RECIPES
from core.runs.store import RunStore
from tests.browser.conftest import ROOT, Server, visit, visitor

pytestmark = [pytest.mark.browser, pytest.mark.slow]
SMALL = {"hidden_layers": 1, "units": 8, "train_images": 1000, "epochs": 1}
# Of another project, in the working directory: with this base path no address of the dashboard would be found.
OTHER_CONFIG = '[server]\nbaseUrlPath = "other"\n'


class Installation(NamedTuple):
    """A fresh environment with the wheel."""

    wheel: Path
    packages: Path  # its site-packages
    command: Path  # its `digit-lab`
    elsewhere: Path  # a working directory that belongs to another project


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    place = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "build", "--no-isolation", "--outdir", place, ROOT]
    subprocess.run(build, check=True, stdout=subprocess.DEVNULL)
    (wheel,) = place.glob("*.whl")
    venv.create(place / "venv", with_pip=False)
    python = place / "venv/bin/python"
    where = "import sysconfig; print(sysconfig.get_path('purelib'))"
    packages = Path(subprocess.check_output([python, "-c", where], text=True).strip())
    (packages / "tested.pth").write_text(sysconfig.get_path("purelib"))
    install = [sys.executable, "-m", "pip", "--python", python, "install", "-q", "--no-index", wheel]
    subprocess.run(install, check=True)
    elsewhere = place / "elsewhere"
    (elsewhere / ".streamlit").mkdir(parents=True)
    (elsewhere / ".streamlit/config.toml").write_text(OTHER_CONFIG)
    set_writable(packages, False)
    yield Installation(wheel, packages, place / "venv/bin/digit-lab", elsewhere)
    set_writable(packages, True)


def set_writable(folder: Path, writable: bool) -> None:
    for path in [folder, *folder.rglob("*")]:
        mode = path.stat().st_mode
        path.chmod(mode | 0o200 if writable else mode & ~0o222)


def content(folder: Path) -> dict[Path, tuple[int, int]]:
    """Every file with its size and time: root may write where nobody else may, so the test looks whether it did."""
    return {path: (path.stat().st_size, path.stat().st_mtime_ns) for path in folder.rglob("*") if path.is_file()}


def test_one_folder_has_every_file_of_the_app(installation: Installation):
    packed = {name for name in zipfile.ZipFile(installation.wheel).namelist() if ".dist-info/" not in name}
    trees = [path for tree in ("core", "pages") for path in (ROOT / tree).rglob("*") if path.is_file()]
    files = [*trees, ROOT / "streamlit_app.py", ROOT / ".streamlit/config.toml", *(ROOT / "digit_lab").glob("*.py")]
    wanted = {str(path.relative_to(ROOT)) for path in files if "__pycache__" not in path.parts}
    assert packed == {name if name.startswith("digit_lab/") else f"digit_lab/{name}" for name in wanted}
    installed = {path.name for path in installation.packages.iterdir() if path.suffix not in {".dist-info", ".pth"}}
    assert installed == {"digit_lab"}


def test_pages_open_and_train_from_a_read_only_folder(installation: Installation, browser: Browser, tmp_path: Path):
    class Installed(Server):
        working_directory = installation.elsewhere

        def command(self) -> list[str]:
            return [str(installation.command), "--headless", "--port", str(self.port)]

    before = content(installation.packages)
    server = Installed(tmp_path)
    try:
        with visitor(browser, server, color_scheme="dark") as page:
            visit(page, "/")
            background = "getComputedStyle(document.querySelector('[data-testid=stApp]')).backgroundColor"
            assert page.evaluate(background) == "rgb(15, 17, 23)"  # the theme of the wheel's own config
            visit(page, "/train?" + "&".join(f"{name}={value}" for name, value in SMALL.items()))
            page.get_by_role("button", name="Start", exact=True).click()
            # TensorFlow is imported first.
            expect(page.get_by_text("Finished after 1 epoch")).to_be_visible(timeout=90_000)
            expect(page.locator(".js-plotly-plot").first).to_be_visible()
            assert RunStore(tmp_path).runs()[0].state == "finished"
    finally:
        server.stop()
    assert "Traceback" not in server.log.read_text()
    assert content(installation.packages) == before


def test_the_command_line_trains_from_a_read_only_folder(installation: Installation, tmp_path: Path):
    before = content(installation.packages)
    knobs = [text for name, value in SMALL.items() for text in (f"--{name.replace('_', '-')}", str(value))]
    done = digit_lab(installation, tmp_path, "train", *knobs, "--json")
    report = json.loads(done.stdout.splitlines()[-1])
    assert report["outcome"] == "finished"
    assert Path(report["model"]).is_relative_to(tmp_path)
    assert content(installation.packages) == before


def test_the_command_line_lists_the_recipes(installation: Installation, tmp_path: Path):
    lines = digit_lab(installation, tmp_path, "recipes").stdout.splitlines()
    assert [line.split()[0] for line in lines] == list(RECIPES)


def digit_lab(installation: Installation, home: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    environment = {**os.environ, "DIGIT_LAB_HOME": str(home)}
    command = [installation.command, *arguments]
    return subprocess.run(
        command, cwd=installation.elsewhere, env=environment, check=True, stdout=subprocess.PIPE, text=True, timeout=180
    )

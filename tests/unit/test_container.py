"""The Dockerfiles have what the wheel needs, one set of steps, and no root at the end."""

import re
import tomllib

import pytest

from tests.conftest import ROOT

DOCKERFILES = {name: (ROOT / name).read_text() for name in ("Dockerfile", "Dockerfile.gpu")}


def steps(name: str) -> list[str]:
    return [line for line in DOCKERFILES[name].splitlines() if not line.startswith("#")]


def test_both_images_have_the_same_steps():
    """They differ only in the packages, and in what the NVIDIA runtime reads."""
    gpu = "\n".join(steps("Dockerfile.gpu")).replace("requirements-gpu", "requirements")
    assert re.sub(r" NVIDIA_\S+", "", gpu).splitlines() == steps("Dockerfile")


@pytest.mark.parametrize("name", DOCKERFILES)
def test_an_image_is_pinned_and_checked_and_not_root(name: str):
    text = DOCKERFILES[name]
    pinned = re.compile(r"FROM python:3\.\d+\.\d+-slim-\w+( AS build)?")
    assert all(pinned.fullmatch(line) for line in re.findall("FROM.*", text))
    assert text.index("\nUSER digit-lab\n") < text.index("\nCMD ")
    assert "HEALTHCHECK" in text
    assert "DIGIT_LAB_HOME=/data" in text
    assert "VOLUME /data" in text


def test_what_the_wheel_is_built_from_reaches_the_image():
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    needed = {*wheel["only-include"], *wheel["force-include"], "pyproject.toml", "README.md", "LICENSE"}
    needed |= {name for text in DOCKERFILES.values() for name in re.findall(r"COPY (requirements\S*)", text)}
    assert {path.split("/")[0] for path in needed} <= allowed
    assert all((ROOT / name).exists() for name in allowed)

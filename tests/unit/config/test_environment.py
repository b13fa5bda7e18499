"""The settings of the environment: a value that is not allowed is refused with what is allowed."""

import re

import pytest

from core.config import environment
from core.errors import DeviceError
from tests.conftest import ROOT


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch):
    for setting in environment.SETTINGS:
        monkeypatch.delenv(setting.name, raising=False)


@pytest.mark.parametrize("setting", environment.SETTINGS, ids=lambda setting: setting.name)
def test_a_setting_is_a_number_in_its_range_or_its_default(setting, monkeypatch):
    assert setting.value == setting.default
    environment.check()
    for value in (setting.low, setting.high):
        monkeypatch.setenv(setting.name, str(value))
        assert setting.value == value
    for text in (str(setting.low - 1), str(setting.high + 1), "abc", "", "1.5", "9" * 5000, "\u0663", " 2"):
        monkeypatch.setenv(setting.name, text)
        with pytest.raises(DeviceError, match=f"{setting.name} must be .*Correct it"):
            environment.check()
        assert len(environment.problems()) == 1


def test_a_misspelt_setting_is_named(monkeypatch):
    monkeypatch.setenv("DIGIT_LAB_KEEP_EPOCH", "5")
    assert "DIGIT_LAB_KEEP_EPOCH is no setting of Digit Lab. Check its spelling." in environment.unknown()
    monkeypatch.setenv("DIGIT_LAB_HOME", "lab")
    assert not [sentence for sentence in environment.unknown() if "DIGIT_LAB_HOME" in sentence]


def test_every_setting_that_the_program_reads_is_known():
    modules = [path for top in ("core", "pages", "digit_lab") for path in (ROOT / top).rglob("*.py")]
    read = {name for path in modules for name in re.findall(r"DIGIT_LAB_([A-Z_]+)", path.read_text("utf-8"))}
    known = {*environment.OTHERS, *(setting.name.removeprefix("DIGIT_LAB_") for setting in environment.SETTINGS)}
    assert read == known


def test_every_number_in_the_environment_is_read_here():
    # One was read elsewhere, and took every wrong text for its default.
    names = "|".join(setting.name for setting in environment.SETTINGS)
    modules = {path for top in ("core", "pages", "digit_lab") for path in (ROOT / top).rglob("*.py")}
    elsewhere = modules - {ROOT / "core/config/environment.py"}
    assert not [path for path in elsewhere if re.search(rf"environ.*({names})", path.read_text("utf-8"))]

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


def test_every_number_in_the_environment_is_read_here():
    # One was read elsewhere, and took every wrong text for its default.
    names = "|".join(setting.name for setting in environment.SETTINGS)
    modules = {path for top in ("core", "pages", "digit_lab") for path in (ROOT / top).rglob("*.py")}
    elsewhere = modules - {ROOT / "core/config/environment.py"}
    assert not [path for path in elsewhere if re.search(rf"environ.*({names})", path.read_text("utf-8"))]

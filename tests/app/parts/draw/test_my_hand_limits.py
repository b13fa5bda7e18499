"""The limits on drawings that visitors keep."""

import shutil

import numpy as np
import pytest

from core.classroom import settings
from core.drawing.personal_digits import PersonalDigits
from core.errors import LimitError
from core.runs.store import RunStore
from pages.parts.draw import my_hand
from pages.shared import visitor


def digit(shade: int) -> np.ndarray:
    return np.full((28, 28), shade, np.uint8)


@pytest.fixture
def store(home_store: RunStore, me: str):
    yield home_store
    shutil.rmtree(home_store.home / "hand", ignore_errors=True)
    (home_store.home / "server.toml").unlink(missing_ok=True)


def test_a_visitor_keeps_so_many_drawings_and_may_still_correct_a_label(store, me):
    settings.change(store.home, {"digits_per_visitor": 1})
    my_hand._save(digit(9), 4)
    with pytest.raises(LimitError, match=r"My hand holds at most 1 digit .set by your teacher"):
        my_hand._save(digit(8), 5)
    my_hand._save(digit(9), 3)
    assert [one.label for one in PersonalDigits(me, store.home).all()] == [3]


def test_many_cookies_fill_the_disk_with_drawings_only_up_to_the_limit_of_all(store, monkeypatch):
    settings.change(store.home, {"digits_in_all": 2})
    for number in range(2):
        monkeypatch.setattr(visitor, "_secret", f"forged {number}".encode)
        my_hand._save(digit(number), number)
    monkeypatch.setattr(visitor, "_secret", "a pupil".encode)
    with pytest.raises(LimitError, match="All visitors together may keep 2 digits"):
        my_hand._save(digit(9), 4)


def test_what_an_earlier_version_saved_counts_before_it_is_copied(store):
    store.home.joinpath("hand").mkdir(exist_ok=True)
    for number in range(3):
        (store.home / "hand" / f"170000000000{number}-1a2b-7.png").write_bytes(b"x")
    settings.change(store.home, {"digits_per_visitor": 2})
    personal = PersonalDigits(visitor.visitor(), store.home)
    with pytest.raises(LimitError, match="at most 2 digits"):
        my_hand._settle(personal, mine=True)
    my_hand._settle(personal, mine=False)

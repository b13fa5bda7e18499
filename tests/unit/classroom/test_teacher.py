"""The teacher's key is printed once, saved as a hash, and unlocks one browser."""

import pytest

from core import program
from core.classroom import teacher
from core.errors import DigitLabError

ME, OTHER = "aaaabbbbcccc", "ddddeeeeffff"


def test_the_key_unlocks_one_browser_until_it_is_locked(tmp_path):
    key = teacher.first_key(tmp_path)
    assert len(key) == 19
    assert not teacher.is_unlocked(tmp_path, ME)
    teacher.unlock(tmp_path, ME, f"  {key.lower().replace('-', ' ')} ")
    assert teacher.is_unlocked(tmp_path, ME)
    assert not teacher.is_unlocked(tmp_path, OTHER)
    teacher.lock(tmp_path, ME)
    assert not teacher.is_unlocked(tmp_path, ME)


def test_the_key_is_given_out_once_and_is_not_in_the_home(tmp_path):
    key = teacher.first_key(tmp_path)
    assert teacher.first_key(tmp_path) == ""
    teacher.unlock(tmp_path, ME, key)
    saved = (tmp_path / "classroom" / "teacher.json").read_text()
    assert key not in saved
    assert key.replace("-", "") not in saved
    assert (tmp_path / "classroom").stat().st_mode & 0o077 == 0, "others on the machine may read it"


def test_who_has_lost_the_key_reads_a_command_that_this_installation_has(tmp_path, monkeypatch):
    """It always named `python -m core`, which only a checkout of the repository has."""
    teacher.first_key(tmp_path)
    with pytest.raises(DigitLabError, match="`python -m core teacher-key` makes a new one"):
        teacher.unlock(tmp_path, ME, "lost")
    monkeypatch.setattr(program, "version", lambda name: "1.0")
    with pytest.raises(DigitLabError, match="`digit-lab teacher-key` makes a new one"):
        teacher.unlock(tmp_path, ME, "lost")


@pytest.mark.parametrize("wrong", ["", "AAAA-AAAA-AAAA-AAAA", "A" * 10_000_000, "\x00", "🔑"])
def test_a_wrong_key_is_refused(tmp_path, wrong):
    with pytest.raises(DigitLabError, match="no teacher's key yet"):
        teacher.unlock(tmp_path, ME, wrong)
    teacher.first_key(tmp_path)
    with pytest.raises(DigitLabError, match="not the teacher's key"):
        teacher.unlock(tmp_path, ME, wrong)
    assert not teacher.is_unlocked(tmp_path, ME)


def test_a_new_key_replaces_the_old_one_and_locks_all_browsers(tmp_path):
    old = teacher.first_key(tmp_path)
    teacher.unlock(tmp_path, ME, old)
    new = teacher.replace_key(tmp_path)
    assert not teacher.is_unlocked(tmp_path, ME)
    with pytest.raises(DigitLabError):
        teacher.unlock(tmp_path, ME, old)
    teacher.unlock(tmp_path, ME, new)


@pytest.mark.parametrize("content", ["{}", "[]", '{"salt": 5, "hash": "x", "browsers": []}', "x"])
def test_a_damaged_file_gives_nobody_the_role(tmp_path, content):
    key = teacher.first_key(tmp_path)
    teacher.unlock(tmp_path, ME, key)
    (tmp_path / "classroom" / "teacher.json").write_text(content)
    assert not teacher.is_unlocked(tmp_path, ME)
    assert teacher.first_key(tmp_path), "the next start makes a new key"

"""What the server prints at its start, and when it counts as shared."""

import pytest

from core.classroom import teacher
from pages.shared import server_guard, server_settings


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("DIGIT_LAB_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def test_the_first_start_writes_the_file_and_prints_the_key_once(home, capsys):
    server_settings.prepare({})
    printed = capsys.readouterr().err
    key = printed.split("Teacher's key: ")[1].split()[0]
    teacher.unlock(home, "aaaabbbbcccc", key)
    assert (home / "server.toml").exists()
    server_settings.prepare({})
    assert capsys.readouterr().err == ""


def test_a_start_with_the_old_setting_says_what_replaced_it(home, capsys):
    server_settings.prepare({"DIGIT_LAB_ANYONE_STOPS": "1"})
    assert "DIGIT_LAB_ANYONE_STOPS has no effect any more. Now the teacher may stop" in capsys.readouterr().err


def test_a_start_names_what_is_wrong_in_the_file(home, capsys):
    home.mkdir()
    (home / "server.toml").write_text("[limits]\nsweeps = 'me'\n")
    server_settings.prepare({})
    assert "sweeps must be" in capsys.readouterr().err


def test_a_start_names_wrong_settings_of_the_environment(home, monkeypatch, capsys):
    monkeypatch.setenv("DIGIT_LAB_KEEP_EPOCHS", "abc")
    monkeypatch.setenv("DIGIT_LAB_SPARE", "no")
    server_settings.prepare({})
    printed = capsys.readouterr().err
    assert "DIGIT_LAB_KEEP_EPOCHS must be a whole number from 2 to 10,000. Correct it" in printed
    assert "DIGIT_LAB_SPARE must be 0 or 1. Correct it, and start the program again. Received: 'no'." in printed


def test_a_home_that_cannot_be_written_is_a_sentence_at_the_start(tmp_path, monkeypatch, capsys):
    (tmp_path / "file").touch()
    monkeypatch.setenv("DIGIT_LAB_HOME", str(tmp_path / "file" / "home"))
    server_settings.prepare({})
    assert "cannot be saved" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("address", "names", "alone"),
    [
        ("127.0.0.1", [], True),
        ("localhost", ["localhost", "127.0.0.1", "::1"], True),
        ("127.0.0.1", ["lab.example.org"], False),  # behind a proxy
        ("0.0.0.0", [], False),
        (None, [], False),
        ("10.0.0.5", [], False),
    ],
)
def test_a_server_is_alone_only_without_other_addresses_and_names(address, names, alone, monkeypatch):
    monkeypatch.setattr(server_guard.config, "get_option", lambda _: names)
    assert server_guard.is_for_this_machine_alone(address) is alone

"""The file of settings: written with its defaults as comments, edited by hand, and checked with helpful sentences."""

import tomllib

import pytest

from core.classroom import settings
from core.classroom.setting_list import SETTINGS
from core.errors import DigitLabError


def test_the_file_is_created_with_every_setting_explained_and_none_set(tmp_path):
    settings.create(tmp_path)
    text = (tmp_path / "server.toml").read_text()
    for name, setting in SETTINGS.items():
        assert f"# {name} = " in text
        assert setting.about.split()[0] in text
    assert max(map(len, text.splitlines())) <= 120
    found = settings.read(tmp_path, shared=True)
    assert not found.chosen
    assert not found.problems
    assert set(tomllib.loads(text)) == {"limits", "knobs", "people", "cluster"}


def test_an_existing_file_is_left_alone(tmp_path):
    (tmp_path / "server.toml").write_text("# mine")
    settings.create(tmp_path)
    assert (tmp_path / "server.toml").read_text() == "# mine"


def test_defaults_protect_a_shared_server_and_leave_a_person_alone_free(tmp_path):
    shared, alone = settings.read(tmp_path, shared=True), settings.read(tmp_path, shared=False)
    assert shared["waiting_per_visitor"] == 10
    assert shared["runs_gigabytes"] == 20
    for name in ("waiting_per_visitor", "waiting_per_address", "waiting_in_all", "longest_seconds", "parameters",
                 "runs_gigabytes", "searches_at_once"):  # fmt: skip
        assert alone[name] == 0, "no limit"


def test_every_default_is_allowed():
    for setting in SETTINGS.values():
        assert setting.check(setting.alone) == setting.alone
        assert setting.check(setting.shared) == setting.shared


def test_what_somebody_writes_counts_at_once(tmp_path):
    (tmp_path / "server.toml").write_text("[limits]\nwaiting_per_visitor = 2\n[knobs]\nunits = 64\n")
    found = settings.read(tmp_path, shared=True)
    assert found["waiting_per_visitor"] == 2
    assert found["units"] == 64
    assert found.who("units") == "set by your teacher"
    assert found.who("parameters") == "the default of this server"
    (tmp_path / "server.toml").write_text("[limits]\nwaiting_per_visitor = 13\n")
    assert settings.read(tmp_path, shared=True)["waiting_per_visitor"] == 13


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("[limits]\nwaiting_per_visitor = -1", "waiting_per_visitor must be a whole number from 0 to 1,000,000"),
        ("[limits]\nwaiting_per_visitor = true", "must be a whole number"),
        ("[limits]\nwaiting_per_visitor = inf", "must be a whole number"),
        ("[limits]\nsweeps = 'me'", 'sweeps must be "everyone" or "teacher" or "nobody"'),
        ("[limits]\ndelete_oldest = 1", "delete_oldest must be true or false"),
        ("[limits]\nwaiting = 1", "has no setting “waiting”"),
        ("[knobs]\nunits = 5000", "units must be a whole number from 0 to 4,096"),
        ("[people]\nteacher_emails = 'ada@x.org'", "must be a list of texts"),
        ("[people]\nteacher_emails = ['ada']", "teacher_emails must be addresses such as ada@example.org"),
        ("[people]\naddress_header = 'X Forwarded'", "address_header must be the name of a header, such as X-Forw"),
        ('[people]\naddress_header = "a\\nb"', "a text of at most 200 characters"),
        ("[limit]\n", "no section [limit]. Sections are limits, knobs, people"),
        ("limits = 5", "no section"),
        ("[limits\n", "cannot be read, so all settings have their defaults"),
        ("\x00", "cannot be read"),
    ],
)
def test_a_wrong_value_is_explained_and_leaves_the_default(tmp_path, content, sentence):
    (tmp_path / "server.toml").write_text(content)
    found = settings.read(tmp_path, shared=True)
    assert not found.chosen
    assert sentence in found.problems[0]


def test_the_page_changes_a_setting_keeps_the_others_and_sets_one_back(tmp_path):
    settings.create(tmp_path)
    settings.change(tmp_path, {"units": 64, "sweeps": "teacher", "teacher_emails": ["ä@x.org", 'o"b@x.org']})
    settings.change(tmp_path, {"units": None, "delete_oldest": True})
    found = settings.read(tmp_path, shared=True)
    assert found.chosen == {
        "sweeps": "teacher", "delete_oldest": True, "teacher_emails": ("ä@x.org", 'o"b@x.org'),
    }  # fmt: skip
    assert "# units = 0" in (tmp_path / "server.toml").read_text()


def test_a_value_that_is_not_allowed_changes_nothing(tmp_path):
    settings.change(tmp_path, {"units": 64})
    with pytest.raises(DigitLabError, match="“Units” must be a whole number from 0 to 4,096"):
        settings.change(tmp_path, {"units": 5000, "sweeps": "nobody"})
    assert settings.read(tmp_path, shared=True).chosen == {"units": 64}


def test_a_broken_file_is_kept_when_the_page_writes_a_new_one(tmp_path):
    (tmp_path / "server.toml").write_text("[limits\nunits = 3")
    settings.change(tmp_path, {"units": 64})
    assert (tmp_path / "server.toml.old").read_text() == "[limits\nunits = 3"
    assert settings.read(tmp_path, shared=True).chosen == {"units": 64}


def test_a_link_in_place_of_the_file_is_not_followed(tmp_path):
    (tmp_path / "secret").write_text("[limits]\nunits = 3")
    (tmp_path / "server.toml").symlink_to(tmp_path / "secret")
    assert settings.read(tmp_path, shared=True).problems

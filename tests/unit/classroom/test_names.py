"""A visitor's name for the class is plain, short text; without one there is a stable pseudonym."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from core.classroom import names
from core.errors import DigitLabError


def test_a_name_is_kept_changed_and_removed(tmp_path):
    names.give(tmp_path, "aaaabbbbcccc", "Ada")
    names.give(tmp_path, "ddddeeeeffff", "Bob")
    assert names.name_of(tmp_path, "aaaabbbbcccc") == "Ada"
    names.give(tmp_path, "aaaabbbbcccc", "Ada L.")
    assert names.all_names(tmp_path) == {"ddddeeeeffff": "Bob", "aaaabbbbcccc": "Ada L."}
    names.give(tmp_path, "aaaabbbbcccc", "  ")
    assert names.name_of(tmp_path, "aaaabbbbcccc") == ""


def test_a_name_has_at_most_forty_characters(tmp_path):
    names.give(tmp_path, "a", "x" * 40)
    for long in ("x" * 41, "x" * 10_000_000):
        with pytest.raises(DigitLabError, match="40 characters"):
            names.give(tmp_path, "a", long)
    assert names.name_of(tmp_path, "a") == "x" * 40


def test_control_characters_become_spaces_and_markup_stays_text(tmp_path):
    names.give(tmp_path, "a", "\u202eA\x00d\na <b>![x](//a.b)")
    assert names.name_of(tmp_path, "a") == "A d a <b>![x](//a.b)"


def test_newer_names_replace_the_oldest(tmp_path, monkeypatch):
    monkeypatch.setattr(names, "MAX_NAMES", 3)
    for visitor in "abcd":
        names.give(tmp_path, visitor, visitor)
    assert list(names.all_names(tmp_path)) == ["b", "c", "d"]


@pytest.mark.parametrize("content", ["", "[1]", '{"a": 5}', '{"a": "' + "x" * 500 + '"}', "[" * 100_000])
def test_a_damaged_file_of_names_is_no_problem(tmp_path, content):
    names.give(tmp_path, "a", "Ada")
    (tmp_path / "classroom" / "names.json").write_text(content)
    assert len(names.name_of(tmp_path, "a")) in (0, 40)
    names.give(tmp_path, "b", "Bob")
    assert names.name_of(tmp_path, "b") == "Bob"


def test_thirty_names_at_once_are_all_kept(tmp_path):
    with ThreadPoolExecutor(30) as class_of_thirty:
        list(class_of_thirty.map(lambda n: names.give(tmp_path, f"v{n}", f"pupil {n}"), range(30)))
    assert len(json.loads((tmp_path / "classroom" / "names.json").read_text())) == 30


def test_a_pseudonym_is_stable_and_differs_in_a_class():
    assert names.pseudonym("aaaabbbbcccc") == names.pseudonym("aaaabbbbcccc")
    assert len({names.pseudonym(f"visitor {number}") for number in range(30)}) == 30
    assert len(names.pseudonym("aaaabbbbcccc").split()) == 3

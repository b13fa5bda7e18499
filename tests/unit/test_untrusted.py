"""Values that come from files and browsers."""

import pytest

from core.formatting import plain
from core.untrusted import number, text, whole


@pytest.mark.parametrize("value", [True, None, "1", [1], float("nan"), float("inf"), 10**400, -(10**400)])
def test_only_finite_numbers_are_numbers(value):
    with pytest.raises(ValueError, match="number"):
        number(value)


@pytest.mark.parametrize("value", [True, "1", 1.5, float("nan"), float("inf"), -1, 11, 10**400])
def test_only_whole_numbers_in_the_range_are_accepted(value):
    with pytest.raises(ValueError, match="number"):
        whole(value, 0, 10)


def test_what_is_allowed_comes_back():
    assert (number(2), whole(3.0, 0, 10), text("a\tb\n", 3)) == (2.0, 3, "a b")
    assert text("one\ntwo\r", 99, lines=True) == "one\ntwo "


def test_foreign_text_is_text_in_markdown():
    assert plain("learning_rate is 0.1") == "learning_rate is 0.1"
    assert plain("![x][1]\n\n[1]: http://evil.example/x.png") == (
        r"!\[x\]\[1\] \[1\]: http:" + "\u2060//evil.example/x.png"
    )
    assert plain("<img src=x>") == r"\<img src=x\>"
    assert plain("www.example.org a@b.org") == "www\u2060.example.org a\u2060@b.org"
    assert plain("*bold* `code` $x$ _soft_ ~no~") == r"\*bold\* \`code\` \$x\$ \_soft\_ \~no\~"

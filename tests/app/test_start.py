"""Start: what it offers a newcomer, and to whom it shows which runs."""

from core.config import RunConfig
from pages.shared import visitor


def headings(page) -> list[str]:
    return [heading.value for heading in page.subheader]


def links(page) -> list[str]:
    return [link.proto.label for link in page.get("page_link")]


def test_a_newcomer_is_offered_no_run_that_cannot_be_watched(open_page, store):
    page = open_page("start")
    assert not page.exception
    assert headings(page) == ["Six steps, in this order or any other"]


def test_ones_own_runs_come_before_those_of_others(open_page, store, monkeypatch):
    store.create(RunConfig(), name="hers", starter="ada")
    assert headings(open_page("start"))[-1] == "The newest runs here"
    store.create(RunConfig(), name="his", starter="bob")
    monkeypatch.setattr(visitor, "visitor", lambda: "bob")
    page = open_page("start")
    assert headings(page)[-1] == "Where you left off"
    told = " ".join(links(page))
    assert "his" in told
    assert "hers" not in told

"""Start: what it offers a newcomer, and to whom it shows which runs."""

from core.config import RunConfig
from pages.shared import visitor
from pages.shared.frame import PAGES


def headings(page) -> list[str]:
    return [heading.value for heading in page.subheader]


def links(page) -> list[str]:
    return [link.proto.label for link in page.get("page_link")]


def test_a_newcomer_is_offered_no_run_that_cannot_be_watched(open_page, store):
    page = open_page("start")
    assert not page.exception
    assert headings(page) == ["Six steps, in this order or any other"]


def test_each_card_says_what_a_page_is_for_and_leads_there(open_page):
    cards = [link.proto for link in open_page("start").get("page_link")]
    assert [card.page for card in cards] == [page.name for page in PAGES[1:]]
    for number, (card, page) in enumerate(zip(cards, PAGES[1:], strict=True), 1):
        title, sentence = card.label.removeprefix("**").split("** ", 1)
        assert title == f"{number} · {page.title}"
        assert len(sentence) > 40


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

"""The Start page: what it offers a newcomer, and who sees which runs."""

import re

from core.config.run_config import RunConfig
from pages.shared import caches, visitor
from pages.shared.frame import PAGES


def shown(page) -> str:
    return "".join(element.proto.body for element in page.get("html"))


def headings(page) -> list[str]:
    return re.findall("<h2>(.*?)</h2>", shown(page))


def links(page, kind: str) -> list[tuple[str, str]]:
    """Where they lead, and what they say without its icon."""
    found = re.findall(f'<a class="inside {kind}" href="(.*?)"><span class="icon".*?</span>(.*?)</a>', shown(page))
    return [(address, re.sub("<.*?>", "", text)) for address, text in found]


def test_a_newcomer_is_offered_no_run_that_cannot_be_watched(open_page, store):
    page = open_page("start")
    assert not page.exception
    assert headings(page) == ["Steps, in any order"]


def test_each_card_says_what_a_page_is_for_and_leads_there(open_page):
    cards = links(open_page("start"), "card")
    assert [address for address, _ in cards] == [page.name for page in PAGES if page.card]
    for number, ((_, text), page) in enumerate(zip(cards, (page for page in PAGES if page.card), strict=True), 1):
        title = f"{number} · {page.title} "
        assert text.startswith(title)
        assert len(text.removeprefix(title)) > 40


def test_a_newcomer_begins_by_drawing_or_by_the_quickest_recipe(open_page):
    page = open_page("start")
    assert links(page, "button primary") == [("draw", "Draw a digit")]
    assert links(page, "button") == [("train?recipe=first-network", "Train your first network")]


def test_no_more_is_promised_than_the_images_in_use_allow(open_page, embedded, real_mnist, monkeypatch):
    """With the 5,000 images, the first network has 91.78%; the page said 98 in 100 (97.88% with all images)."""
    clothes = real_mnist._replace(names=("shirt", *"123456789"))
    for data, words in ((real_mnist, "97 in 100"), (embedded, "more than 90 in 100"), (clothes, "most are right")):
        monkeypatch.setattr(caches, "data", lambda data=data: data)
        assert words in shown(open_page("start"))


def test_the_name_of_a_run_is_text_and_not_markup(open_page, store):
    store.create(RunConfig(), name="<img src=x onerror=alert(1)>", starter="ada")
    page = open_page("start")
    assert "<img src=x" not in shown(page)
    assert "&lt;img src=x" in shown(page)


def test_ones_own_runs_come_before_those_of_others(open_page, store, monkeypatch):
    store.create(RunConfig(), name="hers", starter="ada")
    assert headings(open_page("start"))[0] == "The newest runs here"
    store.create(RunConfig(), name="his", starter="bob")
    monkeypatch.setattr(visitor, "visitor", lambda: "bob")
    page = open_page("start")
    assert headings(page)[0] == "Where you left off"
    text = " ".join(text for _, text in links(page, "run"))
    assert "his" in text
    assert "hers" not in text

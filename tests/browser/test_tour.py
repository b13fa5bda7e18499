"""The first tour of a run, and two runs on one clock, in a real browser."""

import re

import pytest
from playwright.sync_api import Page, expect

from core.config.run_config import RunConfig
from core.data import mnist
from core.evaluation.tour import Words, tour
from core.runs.moment_clock import images_seen, ticks
from core.runs.moments import fixed_images, read_moments
from core.runs.run import Run
from core.runs.store import RunStore
from tests.browser.conftest import Server, visitor, wait_idle
from tests.made_moments import make_film

pytestmark = [pytest.mark.browser, pytest.mark.slow]
# Whether the part that a caption points at is in sight, and the caption hides nothing of it.
IN_SIGHT = """() => {
  const box = document.querySelector(".film-tour").getBoundingClientRect();
  const part = document.querySelector(".film-pointed").getBoundingClientRect();
  const middle = part.top + part.height / 2;
  return middle > 0 && middle < innerHeight && (part.top >= box.bottom || part.bottom <= box.top);
}"""


@pytest.fixture(scope="module")
def made(server: Server) -> list[Run]:
    store, data = RunStore(server.home), mnist.load()
    knobs = [{"units": 48}, {"units": 16, "batch_size": 128, "activation": "tanh"}]
    return [make_film(store, RunConfig(**each), data, name=f"Film {place}") for place, each in enumerate(knobs)]


def opened(page: Page, run: Run) -> None:
    page.goto(f"/train?run={run.id}")
    expect(page.locator(f".film[data-run^='{run.id}']")).to_be_visible()
    wait_idle(page)


def number(text: str) -> float:
    return float(text.strip("%").replace(",", ""))


@pytest.mark.parametrize("link", ["/train?run={0}", "/compare?view=side&left={0}&right={1}"])
def test_who_plays_a_film_sees_the_network_also_in_a_small_window(browser, server, made, link):
    with visitor(browser, server, viewport={"width": 1280, "height": 640}) as page:
        page.goto(link.format(*(run.id for run in made)))
        drawing = page.locator(".film .living canvas, .pair .living canvas").first
        expect(drawing).to_be_visible()
        expect(page.locator(".film[data-run], .pair[data-pair]")).to_be_visible()
        wait_idle(page)
        page.locator(".film-play, .pair-play").click()
        page.wait_for_function(
            "(drawn) => drawn.getBoundingClientRect().bottom <= innerHeight", arg=drawing.element_handle()
        )
        assert drawing.bounding_box()["y"] > 0


def test_the_tour_goes_to_its_end_and_does_not_come_back(browser, server, made):
    run = made[0]
    moments, validation = read_moments(run), mnist.load().validation
    labels = validation[fixed_images(validation)].labels
    stops = tour(moments, labels, Words(["dense1", "output"], "validation images"))
    with visitor(browser, server) as page:
        opened(page, run)
        box, film, bar = (page.locator(part) for part in (".film-tour", ".film", ".film-bar"))
        expect(box).to_contain_text(f"New here? {len(stops)} captions")
        drawing = page.locator(".film .living > canvas").bounding_box()
        assert drawing["y"] + drawing["height"] <= bar.bounding_box()["y"] < box.bounding_box()["y"]
        expect(film).to_have_attribute("data-step", str(moments[-1].step))  # the offer moves nothing
        page.get_by_role("button", name="Start the tour").click()
        for place, stop in enumerate(stops):
            expect(box).to_have_attribute("data-stop", str(place))
            expect(box).to_contain_text(f"{place + 1} of {len(stops)}")
            for text in (stop.title, stop.text, stop.look):
                expect(box).to_contain_text(text)
            expect(film).to_have_attribute("data-step", str(moments[stop.position].step))
            expect(page.locator(".film-tour-words")).to_be_focused()
            page.wait_for_function(IN_SIGHT)
            page.get_by_role("button", name="Next" if place < len(stops) - 1 else "Finish").click()
        expect(box).to_be_hidden()
        again = page.get_by_role("button", name="Tour", exact=True)
        expect(again).to_be_focused()
        wait_idle(page)
        opened(page, run)  # after a reload
        expect(again).to_be_visible()
        expect(box).to_be_hidden()
        again.click()
        expect(box).to_contain_text(stops[0].title)
        page.keyboard.press("ArrowRight")
        expect(box).to_contain_text(stops[1].title)
        page.keyboard.press("Escape")
        expect(box).to_be_hidden()


def test_a_skipped_tour_stays_away_and_a_link_opens_it(browser, server, made):
    run = made[0]
    with visitor(browser, server) as page:
        opened(page, run)
        page.get_by_role("button", name="Skip the tour").click()
        wait_idle(page)
        opened(page, made[1])
        expect(page.locator(".film-tour")).to_be_hidden()
        page.goto(f"/train?run={run.id}&tour=open")
        expect(page.locator(".film-tour")).to_have_attribute("data-stop", "0")
        page.locator(".film-tour-words").press("Escape")
        expect(page.locator(".film-tour")).to_be_hidden()
        expect(page).not_to_have_url(re.compile("tour=open"))


def test_where_motion_is_welcome_the_film_plays_to_the_next_caption(browser, server, made):
    moments = read_moments(made[0])
    with visitor(browser, server, reduced_motion="no-preference") as page:
        opened(page, made[0])
        page.get_by_role("button", name="Start the tour").click()
        expect(page.locator(".film")).to_have_attribute("data-step", "0")
        while page.get_by_role("button", name="Next").count():
            page.get_by_role("button", name="Next").click()
        expect(page.locator(".film")).to_have_attribute("data-step", str(moments[-1].step))


def test_two_films_show_one_clock_and_the_numbers_of_their_moments(page, server, made):
    both = [read_moments(run) for run in made]
    seen = [images_seen(run, moments) for run, moments in zip(made, both, strict=True)]
    clock, images = ticks(*seen), len(both[0][0].probabilities)
    opened(page, made[0])
    page.get_by_role("link", name="Beside another run").click()
    expect(page).to_have_url(re.compile(f"view=side&left={made[0].id}"))
    page.goto(f"/compare?view=side&left={made[0].id}&right={made[1].id}")
    pair = page.locator(".pair")
    expect(pair).to_have_attribute("data-pair", f"{made[0].id}:{made[1].id}")
    pair.locator(".pair-table summary").click()
    for position in (0, len(clock) // 2, len(clock) - 2):
        page.locator(".pair-slider").fill(str(position))
        expect(pair).to_have_attribute("data-reading", str(clock[position].reading))
        rows = pair.locator(".pair-table tr").evaluate_all(
            "rows => rows.map(row => [...row.cells].map(c => c.innerText))"
        )
        for side, at in enumerate(clock[position][1:]):
            table, moment = {row[0]: row[side + 1] for row in rows[1:]}, both[side][at]
            assert number(table["Step"]) == moment.step
            assert number(table["Training images seen"]) == seen[side][at] <= clock[position].reading
            assert number(table[f"Accuracy on {images} images"]) == pytest.approx(
                100 * moment.validation_accuracy, abs=6e-3
            )
            assert number(table[f"Loss on {images} images"]) == pytest.approx(moment.validation_loss, abs=6e-5)
            label = mnist.load().validation.labels[0]
            probability = number(table[f"Probability of {label}, the label of this image"])
            assert probability == pytest.approx(100 * float(moment.probabilities[0, label]), abs=0.06)
            assert table["Prediction for this image"] == str(moment.probabilities[0].argmax())
            expect(page.locator(".pair-state").nth(side)).to_contain_text(f"step {moment.step} ")
    expect(page.locator(".pair canvas[data-moment]")).to_have_count(2)
    page.locator(".pair-digits button").nth(3).click()
    expect(page.locator(".pair-digits button").nth(3)).to_have_attribute("aria-pressed", "true")
    expect(pair).to_have_attribute("data-reading", str(clock[-2].reading))  # another digit leaves the clock as it is

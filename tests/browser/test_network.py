"""The drawn network in a real browser: before Start, while it trains, as a film, and the numbers on hover."""

import re

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from core.config.run_config import RunConfig
from core.data import mnist
from core.network.initial_weights import initial_weights
from core.network.living import LivingNetwork
from core.network.living_moment import view_of
from core.runs.moment import Moment
from core.runs.moments import all_weights, fixed_images, read_moments
from core.runs.run import Run
from core.runs.store import RunStore
from tests.browser.conftest import visitor, wait_idle
from tests.made_moments import make_film

pytestmark = [pytest.mark.browser, pytest.mark.slow]

FORM = "network=dense48-dense24&epochs=6&seed=5&validate_on=held-out"
UNTRAINED = FORM.replace("seed=5", "seed=6")  # no run of these tests: Train would show its film
LONG_FORM = FORM.replace("epochs=6", "epochs=400")
LIVE = """() => {
  const rows = [...document.querySelectorAll('.film .living-table tr')].map((row) => [...row.cells].map((cell) =>
    cell.textContent));
  const of = (layer) => rows.filter((row) => row[0] === layer).map((row) => row[4]);
  return { step: Number(document.querySelector('.film').dataset.step), dense1: of('dense1'), output: of('output') };
}"""


def table_of(page: Page, part: str) -> dict[str, list[list[str]]]:
    """The table of the drawn numbers: layer → rows of [unit, sum, bias, activation, dead]."""
    page.locator(f"{part} summary").click()
    rows = page.locator(f"{part} .living-table tr")
    expect(rows.nth(1)).to_be_visible()
    cells = rows.evaluate_all("rows => rows.slice(1).map(row => [...row.cells].map(cell => cell.textContent))")
    found: dict[str, list[list[str]]] = {}
    for layer, *numbers in cells:
        found.setdefault(layer, []).append(numbers)
    return found


def film_of(page: Page, server, link: str) -> tuple[Run, list[Moment], Locator]:
    """Trains with the form of a link to the end, and gives the run, its moments and its film."""
    run = started(page, server, link)
    while not run.ended:
        page.wait_for_timeout(300)
    moments = read_moments(run)
    film = page.locator(f".film[data-run='{run.id}:{len(moments)}']")
    expect(film).to_be_visible()
    return run, moments, film


def height_above_network(page: Page) -> float:
    """Pixels between the top of the run and the drawing of its network."""
    top, drawing = page.locator(".st-key-watch"), page.locator(".film .living > canvas")
    return drawing.bounding_box()["y"] - top.bounding_box()["y"]


def fixed_digits() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The validation images that every moment measures: their indices, images and labels."""
    validation = mnist.load().validation
    indices = fixed_images(validation)
    return indices, validation.images[indices], validation.labels[indices]


def number(text: str) -> float:
    return float(text.replace("−", "-").replace("%", ""))


def untrained(page: Page, link: str) -> Locator:
    """Opens Train with a form and gives the canvas of its untrained network, whichever runs are there already."""
    page.goto(link)
    form, choice = page.locator("canvas[data-moment=form]"), page.get_by_text("Before Start", exact=True)
    expect(form.or_(choice).first).to_be_visible()
    wait_idle(page)  # the choice may appear with the last of the page
    if choice.count():  # a run of another test is there
        choice.click()
    expect(form).to_be_visible()
    return form


def started(page: Page, server, link: str) -> Run:
    """Starts a run with the form of a link, and gives it."""
    page.goto(link)
    wait_idle(page)
    before = {run.id for run in RunStore(server.home).runs()}
    page.get_by_role("button", name="Start", exact=True).click()
    while not (new := [run for run in RunStore(server.home).runs() if run.id not in before]):
        page.wait_for_timeout(200)
    return new[0]


def test_before_start_the_network_of_the_form_is_drawn(page, server):
    untrained(page, f"{server.url}/train?{UNTRAINED}")
    drawn = table_of(page, ".st-key-watch")
    config = RunConfig(network="dense48-dense24", seed=6)
    _, images, _ = fixed_digits()
    network = LivingNetwork(config, initial_weights(config))
    view = network.view(images[0], network.survey(images))
    for layer, name in zip(view.layers, ("dense1", "dense2", "output"), strict=True):
        assert [int(row[0]) for row in drawn[name]] == layer.units.tolist()
        np.testing.assert_allclose([number(row[1]) for row in drawn[name]], layer.sums, atol=6e-4)
    np.testing.assert_allclose([number(row[3]) for row in drawn["output"]], 100 * view.layers[-1].values, atol=6e-3)


def test_while_it_trains_the_drawn_values_are_those_of_its_newest_moment(page, server):
    run = started(page, server, f"{server.url}/train?{LONG_FORM}")
    film = page.locator(f".film[data-run='{run.id}']")  # not that of another test's run, which may be shown first
    expect(film.locator("canvas[data-moment]")).to_be_visible(timeout=90_000)
    film.locator("summary").click()
    page.wait_for_function("Number(document.querySelector('.film').dataset.step) > 0")
    seen = page.evaluate(LIVE)  # in one call: the next moment may come at any time
    progress, drawing = page.get_by_test_id("stProgress"), film.locator("canvas[data-moment]")
    top, below = progress.bounding_box()["y"], drawing.bounding_box()
    above = height_above_network(page)
    assert run.active
    assert below["y"] + below["height"] - top < 600, "beside its curves, the network is not in sight on a laptop"
    page.get_by_role("button", name="Stop", exact=True).click()
    expect(page.locator(".film-bar")).to_be_visible()
    wait_idle(page)
    lines = page.get_by_test_id("stAlertContainer").first.bounding_box()["height"]  # how it ended
    assert abs(height_above_network(page) - above - lines) < 50, "the network jumps when the run ends"
    moment = next(each for each in read_moments(run) if each.step == seen["step"])
    drawn = np.array([number(share) for share in seen["output"]])
    np.testing.assert_allclose(drawn, 100 * moment.probabilities[0].astype(float), atol=0.06)
    hidden = [number(value) for value in seen["dense1"]]
    np.testing.assert_allclose(hidden, moment.layers[0].activations[0].astype(float), atol=6e-3)


def test_the_film_of_a_run_shows_each_moment_from_the_untrained_network_on(page, server):
    run, moments, film = film_of(page, server, f"{server.url}/train?{FORM}")
    _, images, _ = fixed_digits()
    assert 0.05 <= moments[0].validation_accuracy <= 0.20
    page.locator(".film-slider").fill("0")
    expect(film).to_have_attribute("data-step", "0")
    expect(page.locator(".film-now")).to_contain_text(re.compile(r"before training · (\d|1\d|20)\.\d\d%"))
    for position in (0, 5, len(moments) - 1):
        page.locator(".film-slider").fill(str(position))
        expect(film).to_have_attribute("data-step", str(moments[position].step))
        drawn = table_of(page, ".film")
        page.locator(".film summary").click()
        moment = moments[position]
        view = view_of(run.config, moment, images, 0, all_weights(run, moment))
        for layer, name in zip(view.layers, ("dense1", "dense2", "output"), strict=True):
            scale, decimals = (100, 6e-3) if name == "output" else (1, 6e-3)
            np.testing.assert_allclose([number(row[3]) for row in drawn[name]], scale * layer.values, atol=decimals)


def test_the_sum_of_a_unit_is_written_below_when_it_is_chosen(page, server):
    canvas = untrained(page, f"{server.url}/train?{UNTRAINED}")
    canvas.focus()
    canvas.press("ArrowLeft")
    text = page.locator(".living-sum").inner_text()
    product, sign, bias, total = re.search(r"= (\S+) ([+−]) (\S+) = (\S+)", text).groups()
    assert number(product) + number(sign.replace("+", "") + bias) == pytest.approx(number(total), abs=2e-3)


def test_a_key_counts_before_the_drawing_was_ever_in_sight(browser, server):
    """What is below the window is not drawn; the key that came first was lost."""
    run = make_film(RunStore(server.home), RunConfig(units=16), mnist.load(), steps=(0, 1, 8))
    with visitor(browser, server, viewport={"width": 1280, "height": 120}) as page:
        page.goto(f"/train?run={run.id}")
        film = page.locator(f".film[data-run^='{run.id}']")
        expect(film.locator(".living-title")).to_contain_text("output")
        wait_idle(page)
        canvas = film.locator(".living > canvas")
        assert not canvas.get_attribute("data-moment"), "it is drawn already"
        canvas.dispatch_event("keydown", {"key": "ArrowLeft"})
        expect(film.locator(".living-title")).to_contain_text("dense1")


def test_a_key_counts_while_the_mouse_rests_on_the_drawing(browser, server):
    run = make_film(RunStore(server.home), RunConfig(units=16), mnist.load(), steps=(0, 1, 8))
    with visitor(browser, server) as page:
        page.goto(f"/train?run={run.id}")
        canvas = page.locator(f".film[data-run^='{run.id}'] .living > canvas")
        title = page.locator(f".film[data-run^='{run.id}'] .living-title")
        expect(canvas).to_be_visible()
        wait_idle(page)
        box = canvas.bounding_box()
        canvas.hover(position={"x": box["width"] - 90, "y": box["height"] - 20})
        expect(title).to_contain_text("output · digit 9")
        canvas.press("ArrowLeft")
        expect(title).to_contain_text("dense1")


def test_a_point_of_the_map_and_a_row_below_are_chosen_with_mouse_and_keyboard(page, server):
    link = f"{server.url}/train?network=conv4x5-norm-pool4-dense16&epochs=2&train_images=2000"
    _, moments, film = film_of(page, server, link)
    expect(film.locator(".film-digits button:not([disabled])")).to_have_count(25)
    fixed, _, labels = fixed_digits()
    guesses = moments[-1].probabilities.argmax(axis=1)
    wrong = int((guesses != labels).argmax())
    picked, map_, rows = film.locator(".film-picked"), film.locator(".film-map"), film.locator(".film-learned")
    map_.focus()
    map_.press("Home")
    expect(picked).to_contain_text(f"Label {labels[wrong]}, predicted {guesses[wrong]}.")
    slider = film.locator(".film-slider")
    for position, moment in ((0, moments[0]), (len(moments) - 1, moments[-1])):  # the sentence follows the film
        slider.fill(str(position))
        expect(picked).to_contain_text(f"predicted {moment.probabilities[wrong].argmax()}.")
    for row, name in ((0, "conv1"), (-1, "output")):  # as the tour says it: in percent
        shown = film.locator(".film-layers > span").nth(1 + 3 * (row % len(moments[-1].layers))).inner_text()
        assert number(shown) == pytest.approx(100 * moments[-1].layers[row].update_ratio, rel=0.06), name
    rows.click(position={"x": 5, "y": 1})  # the first row: right from the start, or learned first
    expect(picked).to_contain_text(re.compile("right from the start|Learned for good"))
    rows.press("Escape")
    expect(picked).to_be_empty()
    rows.press("ArrowUp")  # the last one
    expect(picked).to_contain_text(re.compile("still wrong at the end|Learned for good"))
    map_.press("Home")
    map_.press("Enter")
    page.keyboard.press("Enter")  # the button "Send to Draw" has the keyboard
    page.wait_for_url(re.compile(f"send=validation%3A{fixed[wrong]}|send=validation:{fixed[wrong]}"))


@pytest.mark.parametrize("network", ["dense48-dense24", "conv6x5-norm-pool2-conv4x3-dense20"])
def test_the_numbers_of_each_kind_of_layer_are_those_of_numpy(page, server, network):
    canvas = untrained(page, f"{server.url}/train?{UNTRAINED.replace('dense48-dense24', network)}")
    config = RunConfig(network=network, seed=6)
    _, images, labels = fixed_digits()
    living = LivingNetwork(config, initial_weights(config))
    layers = living.view(images[0], living.survey(images)).layers
    detail = page.locator(".living-detail")
    canvas.focus()
    for layer in reversed(layers[:-1]):
        canvas.press("ArrowLeft")
        expect(detail.locator(".living-title")).to_contain_text(layer.name)
        title = detail.locator(".living-title").inner_text()
        place = layer.units.tolist().index(int(re.search(r"(?:unit|map) (\d+)", title)[1]))
        (total,) = re.findall(r"= (\S+) →", detail.locator(".living-sum").inner_text())
        assert number(total) == pytest.approx(float(layer.sums[place]), abs=6e-3)
        assert ("dead" in title) == bool(layer.dead[place])
        shown = detail.locator(".living-exciting i").evaluate_all("all => all.map(each => each.title)")
        assert shown == [f"a {labels[at]}" for at in layer.exciting[place]]
        if layer.kind == "conv":
            cells = detail.locator(".living-patch .cells").first.locator(".cell").all_inner_texts()
            np.testing.assert_allclose([number(each) for each in cells], layer.patches[place].filter.ravel(), atol=6e-3)

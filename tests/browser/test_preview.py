"""The 25 images on Train, in a real Chromium: nothing covers what is beside them."""

import pytest
from playwright.sync_api import Browser

from pages.parts.train import preview

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(("right", "wrong"), [("5", "3"), ("T-shirt/top", "Ankle boot"), ("Handelsschifffahrt", "sh")])
def test_names_of_classes_stay_in_their_column(browser: Browser, right: str, wrong: str) -> None:
    cells = "".join(preview._cell(place, right, wrong if place % 3 else right) for place in range(25))
    page = browser.new_page()
    page.set_content(f'{preview._STYLE}<div style="width: 300px"><div class="preview">{cells}</div></div>')
    found = page.evaluate("(box => [box.scrollWidth, box.clientWidth])(document.querySelector('.preview'))")
    lines = page.evaluate("[...document.querySelectorAll('figcaption')].map(each => each.getClientRects()[0].height)")
    page.close()
    assert found[0] <= found[1]
    assert right != "5" or max(lines) < 30, "a caption of two digits needs one line"

"""Large files in a real browser: what a box says that it takes, the server takes."""

import io

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.conftest import visit

pytestmark = pytest.mark.browser


def test_a_picture_larger_than_the_limit_of_streamlit_is_read(page: Page) -> None:
    """From 10 MB on it was "AxiosError: Request failed with status code 413"."""
    paper = np.full((120, 120), 255, np.uint8)
    paper[20:100, 55:65] = 0  # a 1
    picture = io.BytesIO()
    Image.fromarray(paper).save(picture, "PNG")
    content = picture.getvalue() + bytes(11 * 2**20)  # behind its end, where nobody reads it
    visit(page, "draw")
    page.get_by_text("A picture", exact=True).first.click()
    with page.expect_response(lambda answer: "upload_file" in answer.url and answer.request.method == "PUT") as sent:
        page.locator("input[type=file]").set_input_files({"name": "a.png", "mimeType": "image/png", "buffer": content})
    assert sent.value.status in (200, 204)
    expect(page.get_by_text("It reads 1")).to_be_visible()

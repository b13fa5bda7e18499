"""A file that comes back: the downloaded ZIP dropped on Compare, and somebody else's network opened in Draw."""

import base64
import re
import shutil
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from core.runs.events import FINISHED, RunEnded
from core.runs.store import SHIPPED, Run, RunStore
from core.runs.timeline import EventFile
from tests.browser.conftest import Server, stroke, visit, wait_idle
from tests.foreign import networks

pytestmark = [pytest.mark.browser, pytest.mark.slow]
REBUILT = 60_000  # milliseconds: Keras starts and writes the network again
DROP = """(zone, file) => {
  const bytes = Uint8Array.from(atob(file.content), (sign) => sign.charCodeAt(0));
  const dropped = new DataTransfer();
  dropped.items.add(new File([bytes], file.name, { type: "application/zip" }));
  for (const name of ["dragenter", "dragover", "drop"])
    zone.dispatchEvent(new DragEvent(name, { bubbles: true, cancelable: true, dataTransfer: dropped }));
}"""


@pytest.fixture
def run(server: Server) -> Run:
    """A finished run with a real network: the shipped one, under another name."""
    store = RunStore(server.home)
    shipped = store.get(SHIPPED)
    run = store.create(shipped.config, name="Comes back")
    shutil.copyfile(shipped.model_path, run.model_path)
    file = EventFile(run.events_path)
    file.append(RunEnded(FINISHED, "", run.created + 9, 1))
    file.close()
    return run


def test_a_download_that_is_dropped_on_compare_is_a_run_again(newcomer: Page, run: Run, tmp_path: Path):
    page, store = newcomer, RunStore(run.folder.parent.parent)
    visit(page, f"/train?run={run.id}")
    page.get_by_role("button", name="Download").click()
    with page.expect_download() as started:
        page.get_by_role("button", name="Everything (.zip)").click()
    started.value.save_as(tmp_path / "run.zip")
    shutil.rmtree(run.folder)
    visit(page, "/compare")
    page.get_by_role("button", name="Add a run").click()
    file = {"name": "run.zip", "content": base64.b64encode((tmp_path / "run.zip").read_bytes()).decode()}
    page.get_by_test_id("stFileUploaderDropzone").evaluate(DROP, file)
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_text(f"The run {run.id} is here again")).to_be_visible(timeout=REBUILT)
    expect(page.locator(f'tr[data-run="{run.id}"]')).to_contain_text("Comes back")
    assert store.get(run.id).state == "finished"
    assert store.get(run.id).has_model
    page.get_by_role("link", name="Draw a digit").click()
    stroke(page, [(70, 70), (210, 70), (120, 230)])
    expect(page.locator(".st-key-answer h2")).to_contain_text("7")


def test_somebody_elses_network_reads_a_drawing_and_is_evaluated(newcomer: Page):
    page = newcomer
    visit(page, "/compare")
    page.get_by_role("button", name="Add a run").click()
    page.locator("input[type=file]").set_input_files(networks.file("residual"))
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_text("Opened from a file").first).to_be_visible(timeout=REBUILT)
    page.get_by_role("link", name="Draw a digit").click()
    wait_idle(page)
    expect(page.get_by_role("combobox", name="Network")).to_have_value(re.compile("residual"))
    stroke(page, [(70, 70), (210, 70), (120, 230)])
    expect(page.locator(".st-key-answer h2")).to_contain_text("It reads")
    for view, found in (("Why", "Occlusion"), ("Network", "layers of its own")):
        page.get_by_role("radio", name=view, exact=True).click()
        expect(page.get_by_text(found).first).to_be_visible()
    visit(page, page.url.replace("/draw", "/evaluate") + "&view=figures")
    page.get_by_role("button", name="Compute").click()
    expect(page.get_by_text("Accuracy").first).to_be_visible()
    for view in ("Inside", "Network", "One digit", "Trust"):
        page.get_by_role("radio", name=view, exact=True).click()
        wait_idle(page)

"""The part of a run's downloads that takes seconds: files for other tools, written in a process of its own."""

import streamlit as st

from core.errors import DigitLabError
from core.evaluation.export_formats import FORMATS
from core.formatting import file_size, plain
from core.jobs.export import Exported, ExportTask
from core.runs.store import Run
from pages.shared import caches
from pages.shared.fragments import guarded_fragment

_FORMS = {form.name: form for form in FORMATS.values() if not form.at_once}


def show(run: Run) -> None:
    """The choice of a format, then its progress with a Stop button, then the file and its card."""
    name = st.selectbox(
        "For another tool", list(_FORMS), format_func=lambda name: _FORMS[name].label, key=f"export_format_{run.id}"
    )
    form = _FORMS[name]
    st.caption(form.about)
    try:
        form.check()
        form.check_run(run)
    except DigitLabError as error:
        st.info(error.sentence, icon=":material/info:")
        return
    task = ExportTask(run, form, caches.store())
    running = task.progress().running

    @guarded_fragment(run_every=0.5 if running else None)
    def under_way() -> None:
        progress = task.progress()
        if running and not progress.running:
            st.rerun()  # it has ended or failed: run the page once more, without the timer
        if progress.running:
            st.progress(progress.share, plain(progress.message) or "Starting …")
            st.button("Stop", icon=":material/stop:", on_click=task.stop, key=f"export_stop_{run.id}")
            return
        if progress.error:
            st.error(f"The export failed: {plain(progress.error)}", icon=":material/error:")
        if (written := task.result()) is not None:
            _result(written)
        elif st.button("Export", icon=":material/output:", key=f"export_{run.id}", width="stretch"):
            _start(task)

    under_way()


def _start(task: ExportTask) -> None:
    try:
        with st.spinner("Starting …"):
            task.start()
    except DigitLabError as error:
        st.error(plain(error.sentence), icon=":material/error:")
        return
    st.rerun()


def _result(written: Exported) -> None:
    if written.sentence:
        st.caption(f":material/check: {plain(written.sentence)}")
    size = file_size(written.path.stat().st_size)
    kind = written.path.name.rpartition(".")[2]
    with st.container(horizontal=True, gap="small"):
        for path, label in ((written.path, f"File (.{kind}, {size})"), (written.card, "Description (.md)")):
            if path is not None:
                st.download_button(
                    label,
                    path.read_bytes,
                    path.name,
                    "application/octet-stream",
                    icon=":material/download:",
                    on_click="ignore",
                    width="stretch",
                )

"""Exports a run in a process of its own, which imports Keras; the dashboard follows it and offers the file.

`python -m core.jobs.export RUN FORMAT` is that process. Its files are in DIGIT_LAB_HOME/exports/RUN/, outside of the
run's folder, which may come from anywhere. They can be made again at any time.
"""

import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

from core import process_settings
from core.data import mnist
from core.errors import RunError
from core.evaluation import export_card, tensorboard_export
from core.evaluation.export_formats import FORMATS, TENSORFLOW, Format
from core.evaluation.run_export import build_archive, file_name, notebook
from core.files import explain_disk_errors, write_atomic
from core.runs.run import Run
from core.runs.store import RunStore
from core.subprocess_task import Progress, ReportProgress, SubprocessTask, one_at_a_time
from core.training.keras_import import import_keras

CARD = ".md"  # what follows the file's name in the name of its card


class Exported(NamedTuple):
    """A written file and its card, if it has one. sentence: how a network compares with Keras; else empty."""

    path: Path
    card: Path | None
    sentence: str = ""


def environment() -> dict[str, str]:
    """What a process that exports needs in its environment, before it imports Keras.

    Saved networks do not depend on the backend, and only TensorFlow converts them: it is used where it is installed.
    """
    return {**process_settings.CPU_ONLY, **({"KERAS_BACKEND": TENSORFLOW} if find_spec(TENSORFLOW) else {})}


def export(run: Run, form: Format, path: Path, report: ReportProgress) -> Exported:
    """Writes `run` to `path` and the card beside it. Raises `RunError` if that is not possible here."""
    form.check()
    form.check_run(run)
    if form.at_once:
        write_atomic(path, notebook(run).encode() if form.name == "notebook" else build_archive(run))
        return Exported(path, None)
    card = path.with_name(path.name + CARD)
    if not form.is_network:
        report(0.3, "Writing the event files …")
        write_atomic(path, tensorboard_export.event_files(run, path.name.removesuffix(".zip")))
        write_atomic(card, tensorboard_export.card(run, path.name.removesuffix(".zip")).encode())
        return Exported(path, card)
    report(0.02, "Loading Keras …")
    with process_settings.hide_stderr():
        import_keras()
    from core.training.exporters.checked import export_network

    check = export_network(run, form, path, mnist.load(), report)
    write_atomic(card, export_card.card(run, form, path.name, check).encode())
    return Exported(path, card, check.sentence)


def export_all(run: Run, names: Sequence[str], output: str, report: ReportProgress) -> Iterator[Exported | str]:
    """Writes the run in each format; `all` names every one. Yields the files, and a sentence for each refused format.

    output: a folder, or the file for a single format; empty: the working directory. Raises `RunError` if the only
    format is refused.
    """
    forms = list(FORMATS.values()) if "all" in names else [FORMATS[name] for name in names]
    place = Path(output)
    is_folder = len(forms) > 1 or place.is_dir() or output.endswith(("/", os.sep))
    if not place.is_dir():
        _check_ending(place, forms)
    _make_folder(place if is_folder else place.parent)
    with _explain_place(place), explain_disk_errors(place):
        for form in forms:
            if len(forms) > 1 and (problem := _problem(run, form)):
                yield problem
                continue
            path = place / f"{file_name(run)}{form.suffix}" if is_folder else place
            yield export(run, form, path, report)


def _check_ending(place: Path, forms: Sequence[Format]) -> None:
    """Raises `RunError` if a file has the ending of another format, or if several formats are for one file."""
    ending = place.suffix.lower()
    if ending not in map(_ending, FORMATS.values()):
        return
    if len(forms) > 1:
        raise RunError("Several formats need a folder. Name one with --output, or choose one format.", str(place))
    (form,) = forms
    if ending != _ending(form):
        raise RunError(f"A file of the format {form.name} has a name that ends with {_ending(form)}.", str(place))


def _ending(form: Format) -> str:
    return f".{form.suffix.rpartition('.')[2]}"


@contextmanager
def _explain_place(place: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise RunError(f"{place} cannot be written: {error.strerror}. Choose another place with --output.") from error


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        problem = f"The folder {folder} cannot be made: {error.strerror}."
    else:
        problem = "" if os.access(folder, os.W_OK | os.X_OK) else f"Digit Lab is not allowed to write in {folder}."
    if problem:
        raise RunError(f"{problem} Choose another place with --output.")


def _problem(run: Run, form: Format) -> str:
    """Why the run cannot be written in this format; empty if it can."""
    try:
        form.check_run(run)
    except RunError as error:
        return error.sentence
    return form.problem()


class ExportTask:
    """The export of one run in one format, whoever asked for it."""

    def __init__(self, run: Run, form: Format, store: RunStore) -> None:
        self.run, self.form, self.store = run, form, store
        self.folder = store.home / "exports" / run.id
        self.task = SubprocessTask(self.folder / form.name)

    @property
    def path(self) -> Path:
        return self.folder / f"{file_name(self.run)}{self.form.suffix}"

    def start(self) -> None:
        """Starts the process. Raises `RunError` if this installation cannot write the format."""
        self.form.check()
        self.form.check_run(self.run)
        _remove_orphans(self.store)
        home = {"DIGIT_LAB_HOME": str(self.store.home)}
        self.task.start("core.jobs.export", self.run.id, self.form.name, **environment(), **home)

    def progress(self) -> Progress:
        return self.task.progress()

    def stop(self) -> None:
        self.task.stop()

    def result(self) -> Exported | None:
        """The written file; None if there is none, or if the network has changed since."""
        result = self.task.result()
        card = self.path.with_name(self.path.name + CARD)
        if result is None or result.get("stamp") != _stamp(self.run) or not (self.path.exists() and card.exists()):
            return None
        return Exported(self.path, card, str(result.get("sentence", "")))

    def work(self, report: ReportProgress) -> dict[str, Any]:
        """Exports in this process; returns what `result` reads."""
        stamp = _stamp(self.run)
        lock = self.store.home / "exports" / "export.lock"
        with one_at_a_time(lock, report, "Another export is running; yours is next …"):  # each has Keras in memory
            written = export(self.run, self.form, self.path, report)
        return {"sentence": written.sentence, "stamp": stamp}


def _stamp(run: Run) -> list[int]:
    """Changes when the run gets other weights or more epochs."""
    path = run.model_path if run.has_model else run.events_path
    try:
        status = path.stat()
    except OSError:
        return []
    return [status.st_size, status.st_mtime_ns]


def _remove_orphans(store: RunStore) -> None:
    """Deletes the files of runs that no longer exist."""
    known = {run.id for run in store.runs()}
    folders = (store.home / "exports").glob("*/")
    for folder in folders:
        if folder.name not in known and not folder.is_symlink():
            shutil.rmtree(folder, ignore_errors=True)


def execute(run_id: str, name: str) -> int:
    """Exports in this process: 0, or 1 if another process does it already."""
    store = RunStore()
    task = ExportTask(store.get(run_id), FORMATS[name], store)
    return task.task.execute(task.work)


if __name__ == "__main__":
    process_settings.lower_priority(process_settings.KERAS_NICE)
    process_settings.apply()
    sys.exit(execute(*sys.argv[1:3]))

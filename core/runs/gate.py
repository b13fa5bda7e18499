"""The gate to a run folder: it may have been copied from anywhere, so it is examined before a run is read from it.

A run folder holds only regular files and folders. The files that the project reads have at most the sizes in
`file_names`. Links, pipes and devices are never followed or opened: the whole run is set aside, and other runs do not
notice.
"""

import os
import stat
from pathlib import Path
from typing import Any, NamedTuple

from core.config.run_config import RunConfig
from core.data.class_names import DIGITS, Names, checked_names
from core.errors import AssignmentError, ConfigError, DataError, RunError
from core.runs.file_names import FOLDERS, MAX_BYTES
from core.runs.prediction import Prediction
from core.untrusted import number, text, whole

MAX_TIME = 1e10  # seconds since 1970: the year 2286
MAX_NAME, MAX_NOTE, MAX_RECIPE, MAX_FINGERPRINT, MAX_ASSIGNMENT = 120, 2000, 40, 32, 40  # characters
MAX_COLOUR = 1_000_000
MAX_SECONDS = 1e9  # of one training: 31 years


class Facts(NamedTuple):
    """The content of a run.json, checked."""

    config: RunConfig
    recipe: str
    name: str
    note: str
    starred: bool
    baseline: bool
    created: float  # seconds since 1970
    sweep: str
    starter: str
    colour_index: int
    forecast_seconds: float  # 0: there was no forecast
    class_names: Names
    data_fingerprint: str  # empty: unknown
    imported: bool  # it came as a file from elsewhere
    foreign: bool  # its network has other layers than those that the knobs describe
    assignment: str  # the id of its assignment, or empty
    prediction: Prediction | None  # None: nothing was asked


def check_folder(folder: Path) -> None:
    """Raises `RunError` for a folder with a link, a pipe, or a file of an unexpected kind or size."""
    if not stat.S_ISDIR(os.lstat(folder).st_mode):
        raise _strange(folder, "the folder itself is a link")
    _check_entries(folder, folder, MAX_BYTES)
    for name in FOLDERS:
        if (folder / name).is_dir():
            _check_entries(folder, folder / name, {})


def check_facts(folder: Path, facts: Any) -> Facts:
    """The facts in a run.json. Raises `RunError` if it is missing, or holds a value that is not expected there."""
    if not isinstance(facts, dict) or not isinstance(facts.get("config"), dict):
        raise RunError(f"The run {folder.name} is damaged: its run.json is missing or cannot be read.")
    try:
        return Facts(
            RunConfig.from_dict(facts["config"]),
            text(facts.get("recipe", ""), MAX_RECIPE),
            text(facts.get("name", ""), MAX_NAME),
            text(facts.get("note", ""), MAX_NOTE, lines=True),
            bool(facts.get("starred", False)),
            bool(facts.get("baseline", False)),
            number(facts.get("created", 0.0), 0, MAX_TIME),
            text(facts.get("sweep", ""), 60),
            text(facts.get("starter", ""), 60),
            whole(facts.get("colour", 0), 0, MAX_COLOUR),
            number(facts.get("forecast_seconds", 0.0), 0, MAX_SECONDS),
            *_data_facts(facts.get("data")),
            bool(facts.get("imported", False)),
            bool(facts.get("foreign", False)),
            text(facts.get("assignment", ""), MAX_ASSIGNMENT),
            Prediction.from_facts(facts.get("prediction")),
        )
    except (ConfigError, AssignmentError, ValueError) as error:
        raise RunError(
            f"The run {folder.name} is damaged: its run.json holds a value that is not allowed there.", str(error)
        ) from error


def check_fact(name: str, value: Any) -> str | bool:
    """A name, a note or a mark that a browser sent. Raises `RunError` if it is too long or of another type."""
    longest = {"name": MAX_NAME, "note": MAX_NOTE}.get(name)
    if longest is None:
        return bool(value)
    if not isinstance(value, str) or len(value) > longest:
        received = f"{len(value):,} characters" if isinstance(value, str) else type(value).__name__
        raise RunError(f"The {name} of a run may have {longest:,} characters. Write a shorter one.", received)
    return text(value, longest, lines=name == "note")


def fit_name(name: str) -> str:
    """`name`, or its beginning and its end if it is too long: what tells runs apart, such as a seed, is at the end."""
    half = (MAX_NAME - 1) // 2
    return name if len(name) <= MAX_NAME else f"{name[:half]}…{name[-half:]}"


def _data_facts(data: Any) -> tuple[Names, str]:
    """The names of the classes, and the fingerprint of the data set; runs of earlier versions have neither."""
    if not isinstance(data, dict):
        return DIGITS, ""
    try:
        return checked_names(data.get("names")), str(data.get("fingerprint", ""))[:MAX_FINGERPRINT]
    except DataError:
        return DIGITS, ""


def _check_entries(run: Path, folder: Path, sizes: dict[str, int]) -> None:
    with os.scandir(folder) as entries:
        for entry in entries:
            is_folder = entry.is_dir(follow_symlinks=False)
            if not is_folder and not entry.is_file(follow_symlinks=False):
                raise _strange(run, f"{entry.name[:40]} is a link or a pipe, not a file")
            expects_folder = folder == run and entry.name in FOLDERS
            if is_folder != expects_folder and (expects_folder or entry.name in sizes):
                raise _strange(run, f"{entry.name} is of an unexpected kind")
            if entry.name in sizes:
                try:
                    size = entry.stat(follow_symlinks=False).st_size
                except FileNotFoundError:  # removed since: `queued`, for example
                    continue
                if size > sizes[entry.name]:
                    raise _strange(run, f"{entry.name} is larger than {sizes[entry.name]:,} bytes")


def _strange(run: Path, what: str) -> RunError:
    return RunError(f"The run {run.name} is set aside: {what}.")

"""A run to take along: its network, a program that trains it anew, its knobs, its history and a card.

model.keras   the weights kept, as `keras.models.load_model` reads them (missing where no epoch was completed)
train.py      the same training in plain Keras; it saves its network beside that one, not over it
run.json      every knob and figure
history.csv   a line an epoch
README.md     what it is, how well it reads, how to use it
"""

import csv
import io
import json
import shlex
import zipfile
from contextlib import suppress
from dataclasses import asdict, fields
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Any
from urllib.parse import urlencode

from core.evaluation.evaluations import kept_evaluation, openings
from core.network.keras_script import SAVES, script
from core.runs.events import EpochDone, Event, to_line
from core.runs.run import Run, by_hand

_PACKAGES = ("keras", "tensorflow", "jax", "numpy")
_USE = "probabilities = model.predict(images)  # uint8 (n, 28, 28), white on black from 0 to 255 → float32 (n, 10)"
_COLUMNS = [field.name for field in fields(EpochDone) if field.name != "step"]


def bundle(run: Run) -> bytes:
    """All of it as one ZIP file, below a folder named like the run. Raises `OSError` where the run was deleted."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        program = script(run.config, run.title, by_hand(run))
        written = {"README.md": card(run), "train.py": program, "history.csv": history(run)}
        for name, text in {**written, "run.json": json.dumps(facts(run), indent=1) + "\n"}.items():
            archive.writestr(f"{file_name(run)}/{name}", text)
        if run.has_model:
            archive.write(run.model_path, f"{file_name(run)}/model.keras")
    return packed.getvalue()


def file_name(run: Run) -> str:
    """The run's id with what it is in front, in letters that every file system takes."""
    return f"digit-lab-{run.id}"


def history(run: Run) -> str:
    """Every epoch as CSV; a figure that there is none of is empty."""
    written = io.StringIO()
    table = csv.writer(written, lineterminator="\n")
    table.writerow(_COLUMNS)
    for epoch in run.epochs:
        table.writerow(["" if (value := getattr(epoch, name)) is None else value for name in _COLUMNS])
    return written.getvalue()


def facts(run: Run) -> dict[str, Any]:
    """Everything that is known of the run, as JSON has it."""
    started, ended = run.started, run.ended
    return {
        "id": run.id,
        "title": run.title,
        "note": run.note,
        "state": run.state,
        "knobs": run.config.to_dict(),
        "started": _told(started),
        "ended": _told(ended),
        "rates_set_by_hand": [asdict(rate) for rate in run.rates],
        "test_set_opened": openings(run),
        "packed_with": _packed_with(),
    }


def _told(event: Event | None) -> Any:
    return json.loads(to_line(event)) if event else None  # what is not finite is text there: JSON has no word for it


def command(run: Run) -> str:
    """The command line that trains with the same knobs. What was done by hand on the way is not in it."""
    knobs = [f"--{name.replace('_', '-')} {shlex.quote(value)}" for name, value in run.config.to_query().items()]
    return " ".join(["python -m core train", *knobs])


def card(run: Run) -> str:
    """What the network is, how well it reads and how to use it, in Markdown."""
    started, done = run.started, by_hand(run)
    lines = [f"# {run.title}", "", *([run.note, ""] if run.note else [])]
    lines += ["A network that reads handwritten digits, trained on MNIST with Digit Lab.", ""]
    if started:
        size, seen = f"{started.parameters:,} parameters", f"{started.train_images:,} training images"
        lines += [f"{size}; {seen}; computed on {started.device}.", ""]
    if done:
        lines += [f"While it trained, {done}; neither `train.py` nor the knobs below do that.", ""]
    if run.ended:
        lines += ["| images | accuracy | loss |", "|---|---|---|", *_figures(run), ""]
        lines += [each for line in _test_set(run) for each in (line, "")]
    if run.has_model:
        lines += ["```python", 'model = keras.models.load_model("model.keras")', _USE, "```", ""]
    query = urlencode(run.config.to_query())
    lines += [
        f"`train.py` trains with the same knobs and Keras alone, and saves its network as `{SAVES}`; packed with "
        f"{', '.join(map(' '.join, _packed_with().items()))}.",
        *(["It is not taught the hand that this network was taught."] if run.taught else []),
        "In Digit Lab the same knobs again:",
        "",
        f"    {command(run)}",
        "",
        f"or the link `/train{f'?{query}' if query else ''}`.",
        "",
    ]
    return "\n".join(lines)


def _packed_with() -> dict[str, str]:
    """The versions of what is here: Keras needs TensorFlow or JAX, and not both."""
    found = {}
    for name in _PACKAGES:
        with suppress(PackageNotFoundError):
            found[name] = version(name)
    return found


def _figures(run: Run) -> list[str]:
    ended = run.ended
    assert ended is not None
    figures = {
        "training": (ended.train_accuracy, ended.train_loss),
        "validation": (ended.validation_accuracy, ended.validation_loss),
        "test": (ended.test_accuracy, ended.test_loss),
    }
    if ended.test_accuracy is None and (kept := kept_evaluation(run)):  # of a visitor who looked at Evaluate
        figures["test"] = kept.accuracy, kept.loss
    return [
        f"| {images} | {accuracy:.2%} | {'' if loss is None else f'{loss:.4f}'} |"
        for images, (accuracy, loss) in figures.items()
        if accuracy is not None
    ]


def _test_set(run: Run) -> list[str]:
    """Whether anybody has looked at it, where the run itself did not."""
    if run.ended and run.ended.test_accuracy is not None:
        return []
    if opened := openings(run):
        return [f"The test set was opened on {datetime.fromtimestamp(opened[0]):%d %B %Y}."]
    return [] if kept_evaluation(run) else ["The test set was not read."]

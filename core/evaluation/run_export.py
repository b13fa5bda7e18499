"""A run as a download: its network, a Keras program that trains it, its knobs, its history and a model card.

model.keras     the network, for `keras.models.load_model` (missing if no epoch was completed)
train.py        the same training in plain Keras; it saves its network under another name
notebook.ipynb  the same as a notebook, which also draws the curves and the confusion matrix
run.json        every knob and figure
history.csv     one line for each epoch
README.md       what it is, how accurate it is, how to use it; its head is what Hugging Face reads
"""

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

from core.data.class_names import set_of
from core.evaluation.evaluation_cache import cached_evaluation
from core.evaluation.hub_head import yaml_head
from core.evaluation.seal import test_set_openings
from core.formatting import csv_table
from core.network.keras_notebook import notebook_json
from core.network.keras_script import SAVES, script
from core.program import program as program_name
from core.runs.events import EpochDone, Event, to_line
from core.runs.run import Run, describe_rate_changes

_LOAD = "keras.datasets.mnist.load_data()"
_PACKAGES = ("keras", "tensorflow", "jax", "numpy")
_USE = "probabilities = model.predict(images)  # uint8 (n, 28, 28), white on black from 0 to 255 → float32 (n, 10)"
_TABLE = ("| images | accuracy | loss |", "|---|---|---|")
_COLUMNS = [field.name for field in fields(EpochDone) if field.name != "step"]
_PERSONAL = "It does not use the personal digits that this network was trained on."


def build_archive(run: Run) -> bytes:
    """Everything as one ZIP file, in a folder named like the run. Raises `OSError` if the run was deleted."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        written = {"README.md": _head(run) + model_card(run), "history.csv": history(run)}
        if not run.foreign:  # nobody knows how to train those
            written["train.py"] = program(run)
            written["notebook.ipynb"] = notebook(run)
        for name, text in {**written, "run.json": json.dumps(facts(run), indent=1) + "\n"}.items():
            archive.writestr(f"{file_name(run)}/{name}", text)
        if run.has_model:
            archive.writestr(f"{file_name(run)}/model.keras", run.read_model())
    return packed.getvalue()


def program(run: Run, title: str = "") -> str:
    """The program that trains the run's network in plain Keras. title: in its first line, if not the run's."""
    return _with_data(run, script(run.config, title or run.title, describe_rate_changes(run)))


def notebook(run: Run) -> str:
    """The notebook that trains the run's network in plain Keras, with the run's figures to compare with."""
    figures = [*_TABLE, *rows] if (rows := _figures(run)) else []
    return _with_data(run, notebook_json(run.config, run.title, describe_rate_changes(run), figures))


def _with_data(run: Run, text: str) -> str:
    """A program that loads the data set of the run; for one's own images a comment says where they must be loaded."""
    if run.reads_digits:
        return text
    hub = set_of(run.class_names).hub
    load = f"keras.datasets.{hub}.load_data()" if hub else f"{_LOAD}  # The run used other images: load yours here."
    return text.replace("reads handwritten digits", "tells ten classes of images apart").replace(_LOAD, load)


def file_name(run: Run) -> str:
    """A description and the run's id, in characters that every file system accepts."""
    return f"digit-lab-{run.id}"


def history(run: Run) -> str:
    """Every epoch as CSV; a missing figure is empty."""
    return csv_table([_COLUMNS, *([getattr(epoch, name) for name in _COLUMNS] for epoch in run.epochs)])


def facts(run: Run) -> dict[str, Any]:
    """What is known about the run itself, as JSON.

    Left out is what only this home and its visitors know: starter, assignment, sweep, forecast, colour, star, baseline.
    """
    started, ended = run.started, run.ended
    return {
        "id": run.id,
        "title": run.title,
        "name": run.name,
        "recipe": run.recipe,
        "created": run.created,
        "data": {"names": list(run.class_names), "fingerprint": run.data_fingerprint},
        "note": run.note,
        "prediction": run.prediction.to_facts() if run.prediction else None,
        "state": run.state,
        "knobs": run.config.to_dict(),
        "foreign": run.foreign,
        "started": _event_values(started),
        "ended": _event_values(ended),
        "rates_set_by_hand": [asdict(rate) for rate in run.rates],
        "test_set_opened": test_set_openings(run),
        "packed_with": _package_versions(),
    }


def _event_values(event: Event | None) -> Any:
    """What `to_line` writes: NaN and infinity are text there, because JSON has no such numbers."""
    return json.loads(to_line(event)) if event else None


def command(run: Run) -> str:
    """The command line that trains with the same knobs, without what was changed while it trained."""
    knobs = [f"--{name.replace('_', '-')} {shlex.quote(value)}" for name, value in run.config.to_query().items()]
    return " ".join([program_name(), "train", *knobs])


def _head(run: Run) -> str:
    """The head of the card for Hugging Face. Validation counts only if it was on held-out images."""
    return yaml_head(
        run.title,
        {name: found for name, found in figures(run).items() if name == "test" or run.config.holds_out},
        set_of(run.class_names),
    )


def model_card(run: Run) -> str:
    """The model card: what the network is, how accurate it is, how to use it, in Markdown."""
    started, done = run.started, describe_rate_changes(run)
    lines = [f"# {run.title}", "", *([run.note, ""] if run.note else [])]
    lines += [_what_it_does(run), ""]
    if started:
        size, seen = f"{started.parameters:,} parameters", f"{started.train_images:,} training images"
        lines += [f"{size}; {seen}; computed on {started.device}.", ""]
    if done:
        lines += [f"While it trained, {done}. Neither `train.py` nor the knobs below do that.", ""]
    if run.ended:
        lines += [*_TABLE, *_figures(run), ""]
        lines += [each for line in _test_set(run) for each in (line, "")]
    if run.has_model:
        lines += ["```python", 'model = keras.models.load_model("model.keras")', _USE, "```", ""]
    if run.foreign:
        packages = ", ".join(map(" ".join, _package_versions().items()))
        lines += [f"It was opened from a file, so Digit Lab cannot say how to train it. Exported with {packages}.", ""]
        return "\n".join(lines)
    query = urlencode(run.config.to_query())
    trains = "trains with the same knobs and Keras alone"
    if run.is_opened_network:
        lines += ["It was opened from a file, so nobody knows how it was trained.", ""]
        trains = "trains the same layers with Keras alone and with the knobs of a new run"
    lines += [
        f"`train.py` {trains}, and saves its network as `{SAVES}`. Exported with "
        f"{', '.join(map(' '.join, _package_versions().items()))}.",
        *([_PERSONAL] if run.is_personalised and not run.imported else []),
        "The same knobs in Digit Lab:",
        "",
        f"    {command(run)}",
        "",
        f"or the link `/train{f'?{query}' if query else ''}`.",
        "",
    ]
    return "\n".join(lines)


def _what_it_does(run: Run) -> str:
    if run.is_opened_network:
        what = "reads handwritten digits" if run.reads_digits else f"tells {', '.join(run.class_names)} apart"
        return f"A network that {what}, opened from a file in Digit Lab."
    if run.reads_digits:
        pens = f" and on digits of {run.config.writers} pen writers (UCI, CC BY 4.0)" if run.config.writers else ""
        return f"A network that reads handwritten digits, trained on MNIST{pens} with Digit Lab."
    data = set_of(run.class_names).title or "images of one's own"
    return f"A network that tells {', '.join(run.class_names)} apart, trained on {data} with Digit Lab."


def _package_versions() -> dict[str, str]:
    """The installed versions. Keras needs TensorFlow or JAX, not both."""
    found = {}
    for name in _PACKAGES:
        with suppress(PackageNotFoundError):
            found[name] = version(name)
    return found


def figures(run: Run) -> dict[str, tuple[float, float | None]]:
    """Accuracy and loss of the saved network by `training`, `validation` and `test`, as far as they are known."""
    ended = run.ended
    if ended is None:
        return {}
    found = {
        "training": (ended.train_accuracy, ended.train_loss),
        "validation": (ended.validation_accuracy, ended.validation_loss),
        "test": (ended.test_accuracy, ended.test_loss),
    }
    if ended.test_accuracy is None and (kept := cached_evaluation(run)):  # from a visitor of Evaluate
        found["test"] = kept.accuracy, kept.loss
    return {images: (accuracy, loss) for images, (accuracy, loss) in found.items() if accuracy is not None}


def _figures(run: Run) -> list[str]:
    return [
        f"| {images} | {accuracy:.2%} | {'' if loss is None else f'{loss:.4f}'} |"
        for images, (accuracy, loss) in figures(run).items()
    ]


def _test_set(run: Run) -> list[str]:
    """Whether a visitor opened the test set, if the run itself did not."""
    if run.ended and run.ended.test_accuracy is not None:
        return []
    if opened := test_set_openings(run):
        return [f"The test set was opened on {datetime.fromtimestamp(opened[0]):%d %B %Y}."]
    return [] if cached_evaluation(run) else ["The test set was not read."]

"""The command line: `python -m core train [RECIPE] [--epochs N …] [--json]`, `recipes`, `runs`, `export RUN --format F`
and `teacher-key`."""

import argparse
import json
import os
import sys
from typing import NoReturn

from core import process_settings
from core.classroom import teacher
from core.config import environment
from core.config.knob import format_value
from core.config.recipes import RECIPES, matching_recipe, recipe
from core.config.run_config import DEFAULTS, KNOBS, RunConfig, read_knob
from core.data import mnist, pen_digits
from core.devices import computing, gpus
from core.errors import DigitLabError
from core.evaluation import mlflow_export, run_listing
from core.evaluation.export_formats import FORMATS
from core.formatting import file_size
from core.jobs import foreground, repeat, run_import, slots
from core.network.architecture import layer_table
from core.program import project_version
from core.runs.events import FAILED, STOPPED, RunEnded
from core.runs.gate import check_fact
from core.runs.store import Run, RunStore
from core.training import kernel_trials

ERROR, INTERRUPTED, UNREAD = 2, 130, 141  # the last as a shell names a closed pipe
_PROGRAM = "python -m core"


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise DigitLabError(f"{message[:1].upper()}{message[1:]}. Try `{self.prog} --help`.")


def main(arguments: list[str] | None = None, program: str = _PROGRAM) -> int:
    """Runs one command and returns the exit code: 0, 2 for an error, 130 if Ctrl-C stopped it, 141 if nobody reads on.

    program: what people type before the command; the help shows it.
    """
    try:
        options = _parser(program).parse_args(arguments)
        code = int(options.command(options))
        sys.stdout.flush()
        return code
    except BrokenPipeError:  # who reads the output has enough, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return UNREAD
    except DigitLabError as error:
        print(f"Error: {error}", file=sys.stderr)
        return ERROR
    except KeyboardInterrupt:  # during training, `_train_in_foreground` handles it
        print("Stopped before training began. No run was created.", file=sys.stderr)
        return INTERRUPTED


def _parser(program: str) -> argparse.ArgumentParser:
    parser = _Parser(prog=program, description=(__doc__ or "").replace(_PROGRAM, program))
    named = "print the version" if program == _PROGRAM else argparse.SUPPRESS  # the help of `digit-lab` has it already
    parser.add_argument("--version", action="version", version=f"Digit Lab {project_version()}", help=named)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    listing = commands.add_parser("recipes", help="list the recipes, one per line")
    listing.set_defaults(command=_recipes)
    runs = commands.add_parser("runs", help="list all runs, newest first, with their accuracies")
    runs.set_defaults(command=_runs)
    runs.add_argument("--json", action="store_true", help="print one JSON list, with every knob")
    training = commands.add_parser(
        "train",
        help="train a network and save it as a run",
        description="Trains a network and saves it as a run, which the dashboard shows too. "
        "Without a recipe, every knob has its default value.",
    )
    training.set_defaults(command=_train)
    training.add_argument("recipe", nargs="?", metavar="RECIPE", help=f"one of: {', '.join(RECIPES)}")
    training.add_argument("--json", action="store_true", help="print one JSON object at the end")
    training.add_argument("--name", default="", help="a name for the run")
    training.add_argument(
        "--seeds",
        metavar="N",
        help=f"train N runs that differ only in their seed ({repeat.MIN_SEEDS} to "
        f"{repeat.MAX_SEEDS}; the first seed is --seed), and print mean and spread",
    )
    for name, knob in KNOBS.items():
        option = f"--{name.replace('_', '-')}"
        help_text = (
            f"{knob.help} ({knob.allowed or 'layers as text'}; default: {format_value(DEFAULTS[name]) or 'empty'})"
        )
        training.add_argument(option, dest=name, metavar="VALUE", help=help_text.replace("%", "%%"))
        if "_" in name:  # the spelling of links
            training.add_argument(f"--{name}", dest=name, help=argparse.SUPPRESS)
    exporting = commands.add_parser("export", help="write a run as a file for other tools")
    exporting.set_defaults(command=_export)
    exporting.add_argument(
        "run", metavar="RUN", help="the id of a run, as `runs` lists it; shipped: the model that comes with Digit Lab"
    )
    names = (*FORMATS, "all", "mlflow")
    exporting.add_argument("--format", nargs="+", required=True, choices=names, metavar="FORMAT", help=", ".join(names))
    exporting.add_argument("--output", default="", help="a folder, or a file for one format; the store of MLflow")
    new_key = commands.add_parser("teacher-key", help="make a new teacher's key; the old one opens nothing any more")
    new_key.set_defaults(command=_teacher_key)
    return parser


def _teacher_key(options: argparse.Namespace) -> int:
    print(teacher.replace_key(RunStore().home))
    return 0


def _recipes(options: argparse.Namespace) -> int:
    for each in RECIPES.values():
        print(f"{each.name:<12} {each.title} ({each.source}: {each.reports})")
    return 0


def _runs(options: argparse.Namespace) -> int:
    store = RunStore()
    try:
        for found in run_import.adopt_unpacked(store):
            print(f"{found.run.id} was unpacked in the folder of runs. {found.sentence}", file=sys.stderr)
    except DigitLabError as error:
        print(f"Warning: a download that was unpacked in the folder of runs is not used. {error}", file=sys.stderr)
    rows = run_listing.rows(store)
    print(json.dumps(list(map(run_listing.values, rows))) if options.json else run_listing.table(rows))
    for why in store.damaged().values():
        print(f"Warning: {why}", file=sys.stderr)
    return 0


def _train(options: argparse.Namespace) -> int:
    base = recipe(options.recipe).config if options.recipe else RunConfig()
    environment.check()
    for sentence in environment.unknown():
        print(f"Warning: {sentence}", file=sys.stderr)
    check_fact("name", options.name)
    config = base.changed(
        **{name: read_knob(name, text) for name in KNOBS if (text := getattr(options, name)) is not None}
    )
    configs = repeat.configs_of(config, repeat.read_count(options.seeds)) if options.seeds is not None else []
    layer_table(config)  # refuses an impossible network before a run is created
    slots.check(config.device)
    store = RunStore()
    # Refuses an unreadable data set too; reading it again for training takes a millisecond.
    for finding in mnist.load().source.open_findings:
        print(f"Warning: {finding.sentence}", file=sys.stderr)
    _check_writers(config)
    process_settings.apply()
    kernel_trials.skip_for_dense(config)
    # The import takes seconds. A run created before it would look interrupted on the dashboard.
    _import_keras_quietly(config.device)
    # Where the driver shows GPUs, the backend must first be given one of them.
    if config.device == "gpu" and not gpus.gpus() and not computing.has_usable_gpu():
        raise computing.missing_gpu(config.device, [], [])
    if options.seeds is not None:
        report, ended = foreground.train_seeds(store, configs, options.name, lambda *each: _print_end(options, *each))
    else:
        run = store.create(config, recipe=_recipe_name(options.recipe, config), name=options.name)
        ended = foreground.Foreground(store).train(run)
        report = foreground.report(run, ended)
        _print_end(options, run, ended)
    if options.json:
        print(json.dumps({**report, "recipe": options.recipe or report.get("recipe") or None}))
    if ended.outcome == FAILED:
        raise DigitLabError(ended.reason)
    if not options.json:
        print(foreground.spread_summary(report), end="")
    return INTERRUPTED if ended.outcome == STOPPED else 0


def _check_writers(config: RunConfig) -> None:
    """Warns before the run is created, if it will have to do without the pen digits."""
    try:
        if config.writers:
            pen_digits.load()
    except DigitLabError as error:
        print(f"Warning: the run trains without the pen writers. {error}", file=sys.stderr)


def _print_end(options: argparse.Namespace, run: Run, ended: RunEnded) -> None:
    if not options.json and ended.outcome != FAILED:
        print(foreground.summary(run, ended))


def _export(options: argparse.Namespace) -> int:
    from core.jobs import export

    os.environ.update(export.environment())
    process_settings.apply()
    run = RunStore().get(options.run)
    if "mlflow" in options.format:  # it writes into a database or to a server
        if len(options.format) > 1:
            raise DigitLabError("mlflow writes no files, so it needs a command of its own.", " ".join(options.format))
        print(mlflow_export.log_run(run, options.output))
        return 0
    for written in export.export_all(run, options.format, options.output, _print_message):
        if isinstance(written, str):
            print(written, file=sys.stderr)
        else:
            size = file_size(written.path.stat().st_size)
            print(f"{written.path}: {size}. {written.sentence}".strip())
    return 0


def _print_message(share: float, message: str = "") -> None:
    print(message, file=sys.stderr, flush=True)


def _recipe_name(requested: str | None, config: RunConfig) -> str:
    """The recipe of a run: the requested one if no knob differs from it."""
    plain = config.changed(seed=RunConfig.seed, device=RunConfig.device)
    return requested if requested and recipe(requested).config == plain else matching_recipe(config)


def _import_keras_quietly(device: str) -> None:
    """Imports TensorFlow without its log lines, which would spoil the progress bar, unless the import fails."""
    from core.jobs.worker import prepare_keras

    with process_settings.hide_stderr():
        prepare_keras(device)


if __name__ == "__main__":
    sys.exit(main())

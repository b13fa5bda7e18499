"""A run as event files of TensorBoard: its curves, histograms of its weights, and the graph of its layers.

The files are a ZIP of two folders, `train` and `validation`, with the tags of Keras' own TensorBoard callback, so that
both curves are in one chart. Epochs count from 1. TensorFlow is not needed.
"""

import io
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from core.config.knob import format_value
from core.config.run_config import KNOBS
from core.errors import RunError
from core.network.architecture import layer_table
from core.network.graph_network import network_of
from core.runs.checkpoints import read_arrays
from core.runs.curves import Curves
from core.runs.events import BatchDone, EpochDone
from core.runs.moments import all_weights, read_moments
from core.runs.run import Run

TRAIN, VALIDATION = "train", "validation"
_BINS = 30  # of a histogram, as many as TensorBoard shows
_NAME = "events.out.tfevents.{time:010d}.digit-lab"  # the writer's own name has the name of this machine in it


def event_files(run: Run, name: str) -> bytes:
    """The event files as one ZIP, in a folder `name`. Raises `RunError` if nothing was trained."""
    curves = Curves(run).refresh()
    if not curves.epochs and not run.has_model:
        raise RunError(f"{run.title} has no curves and no weights yet. Let it finish an epoch, or choose another run.")
    packed = io.BytesIO()
    with tempfile.TemporaryDirectory() as place, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        started = int(curves.started.time) if curves.started else 0
        for part, write in ((TRAIN, _write_training), (VALIDATION, _write_validation)):
            folder = Path(place) / part
            write(folder, run, curves)
            for number, file in enumerate(sorted(folder.glob("events.*"))):
                archive.write(file, f"{name}/{part}/{_NAME.format(time=started + number)}")
        archive.writestr(f"{name}/README.md", card(run, name))
    return packed.getvalue()


def add_batch(writer: Any, batch: BatchDone, at: float) -> None:
    """One point of the curves within an epoch. at: seconds since 1970."""
    for what in ("loss", "accuracy"):
        writer.add_scalar(f"batch_{what}", getattr(batch, what), batch.step, walltime=at)


def add_epoch(writer: Any, epoch: EpochDone, at: float) -> None:
    """One epoch's point of the training curves."""
    for what in ("loss", "accuracy", "learning_rate"):
        writer.add_scalar(f"epoch_{what}", getattr(epoch, what), epoch.epoch, walltime=at)


def add_validation(writer: Any, epoch: EpochDone, at: float) -> None:
    """One epoch's point of the validation curves, if the run has any."""
    for what in ("loss", "accuracy"):
        if (value := getattr(epoch, f"validation_{what}")) is not None:
            writer.add_scalar(f"epoch_{what}", value, epoch.epoch, walltime=at)


def add_histograms(writer: Any, number: int, weights: Mapping[str, np.ndarray], at: float) -> None:
    """The weights after an epoch, by Keras' path."""
    for path, values in weights.items():
        finite = values[np.isfinite(values)].astype(np.float64)
        if finite.size:
            writer.add_histogram(path, finite, number, bins=_BINS, walltime=at)


def add_description(writer: Any, run: Run, at: float) -> None:
    """The knobs as text, and the graph of the layers."""
    rows = "\n".join(f"| {name} | {format_value(getattr(run.config, name))} |" for name in KNOBS)
    writer.add_text("knobs", f"| knob | value |\n|---|---|\n{rows}", walltime=at)
    _add_graph(writer, run, at)


def new_writer(folder: Path) -> Any:
    """A writer of event files into `folder`."""
    from tensorboardX import SummaryWriter

    return SummaryWriter(str(folder))


def _write_training(folder: Path, run: Run, curves: Curves) -> None:
    writer, start = new_writer(folder), curves.started.time if curves.started else 0.0
    for batch in curves.batches:
        add_batch(writer, batch, start + batch.seconds)
    for epoch in curves.epochs:
        add_epoch(writer, epoch, start + epoch.seconds)
    times = {epoch.epoch: start + epoch.seconds for epoch in curves.epochs}
    for number, weights in _weights(run):
        add_histograms(writer, number, weights, times.get(number, start))
    add_description(writer, run, start)
    writer.close()


def _write_validation(folder: Path, run: Run, curves: Curves) -> None:
    if all(epoch.validation_loss is None for epoch in curves.epochs):
        return
    writer, start = new_writer(folder), curves.started.time if curves.started else 0.0
    for epoch in curves.epochs:
        add_validation(writer, epoch, start + epoch.seconds)
    writer.close()


def _weights(run: Run) -> Iterator[tuple[int, dict[str, np.ndarray]]]:
    """The weights after each epoch that was kept, by Keras' path; 0 is the untrained network.

    A run of which no epoch was kept has those of its final network alone.
    """
    kept = run.checkpoint_epochs
    if not kept:
        if run.has_model:
            yield len(run.epochs), dict(network_of(run).weights)
        return
    names = list(read_arrays(run.epoch_path(kept[0])))
    first = next((moment for moment in read_moments(run) if moment.step == 0), None)
    if first is not None and (weights := all_weights(run, first)) is not None and len(weights) == len(names):
        yield 0, dict(zip(names, weights, strict=True))
    for epoch in kept:
        yield epoch, read_arrays(run.epoch_path(epoch))


def _add_graph(writer: Any, run: Run, start: float) -> None:
    """The layers, one node for each, with the shapes of their outputs."""
    from tensorboardX.proto.attr_value_pb2 import AttrValue
    from tensorboardX.proto.event_pb2 import Event
    from tensorboardX.proto.graph_pb2 import GraphDef
    from tensorboardX.proto.node_def_pb2 import NodeDef
    from tensorboardX.proto.tensor_shape_pb2 import TensorShapeProto
    from tensorboardX.proto.versions_pb2 import VersionDef

    def shape(sides: tuple[int, ...]) -> AttrValue:
        dims = [TensorShapeProto.Dim(size=side) for side in (-1, *sides)]
        return AttrValue(list=AttrValue.ListValue(shape=[TensorShapeProto(dim=dims)]))

    nodes = [NodeDef(name="image", op="Input", attr={"_output_shapes": shape((28, 28))})]
    rows = network_of(run).rows if run.foreign else layer_table(run.config)
    for row in rows:
        said = {"parameters": row.parameters, "activation": row.activation or "none"}
        attributes = {name: AttrValue(s=str(value).encode()) for name, value in said.items()}
        attributes["_output_shapes"] = shape(row.output_shape)
        nodes.append(NodeDef(name=row.name, op=row.kind, input=[nodes[-1].name], attr=attributes))
    graph = GraphDef(node=nodes, versions=VersionDef(producer=22))
    writer.file_writer.add_event(Event(graph_def=graph.SerializeToString()), None, start)


def card(run: Run, name: str) -> str:
    """What is in the folder `name` and how to open it, in Markdown."""
    return (
        f"# {run.title}, for TensorBoard\n\n"
        "`train` has the curves of the training images, histograms of the weights after each kept epoch, the knobs as "
        "text and the graph of the layers. `validation` has the curves of the validation images.\n\n"
        f"    pip install tensorboard\n    tensorboard --logdir {name}\n"
    )

"""The layers of a network as a `.keras` file describes them: names and settings of Keras' own layers, as plain data."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from core.errors import RunError
from core.untrusted import number, whole

INPUTS = ((28, 28), (28, 28, 1), (784,))
INPUT = "InputLayer"
MAX_LAYERS = 250
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,59}")
_OWN_MODULES = ("keras.layers", "keras.src.layers", "keras.api.layers")
_OPERATIONS = ("Add", "Subtract", "Multiply", "Maximum", "Minimum")  # `a + b` between two layers


@dataclass(frozen=True)
class KerasLayer:
    """One layer: Keras' class, its name, its settings as the file has them, and the names of the layers before it."""

    kind: str
    name: str
    config: dict[str, Any]
    inputs: tuple[str, ...]


class Settings:
    """A layer's settings, each checked when it is read. used: what was read, as Keras' constructor takes it."""

    def __init__(self, layer: KerasLayer) -> None:
        self.used: dict[str, Any] = {}
        self._layer = layer

    def raw(self, name: str, otherwise: Any = None) -> Any:
        """A setting as the file has it, unchecked; `otherwise` where it is missing or null."""
        found = self._layer.config.get(name)
        return otherwise if found is None else found

    def whole(self, name: str, low: int, high: int, otherwise: int | None = None) -> int:
        return self._checked(name, lambda: whole(self.raw(name, otherwise), low, high))

    def number(self, name: str, otherwise: float | None = None) -> float:
        return self._checked(name, lambda: number(self.raw(name, otherwise), -1e9, 1e9))

    def flag(self, name: str, otherwise: bool) -> bool:
        return self.choice(name, (True, False), otherwise)

    def choice(self, name: str, choices: tuple[Any, ...], otherwise: Any) -> Any:
        found = self.raw(name, otherwise)
        if not isinstance(found, (str, bool)) or found not in choices:
            raise self.refused(name)
        return self._checked(name, lambda: found)

    def pair(self, name: str, high: int, otherwise: Any = None) -> tuple[int, int]:
        """Two whole numbers from 1 to `high`; one number stands for both."""
        found = self.raw(name, otherwise)
        both = found if isinstance(found, (list, tuple)) and len(found) == 2 else (found, found)
        first, second = self._checked(name, lambda: [whole(one, 1, high) for one in both])
        return first, second

    def must_be(self, name: str, *allowed: Any) -> None:
        """Raises `RunError` unless the setting is missing or one of `allowed`; it is not handed on."""
        if self.raw(name) not in (None, *allowed):
            raise self.refused(name)

    def refused(self, name: str) -> RunError:
        """The error for a setting that is not allowed here."""
        value = repr(self.raw(name))[:40]
        return refused(f"its layer {self._layer.name} ({self._layer.kind}) has {name}={value}, which is not known here")

    def _checked(self, name: str, read: Any) -> Any:
        try:
            self.used[name] = read()
        except ValueError:
            raise self.refused(name) from None
        return self.used[name]


@dataclass
class _Names:
    """A clean name for each of the file's layers, each once. `by_theirs`: by the name in the file."""

    by_theirs: dict[str, str] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)

    def add(self, theirs: str, kind: str) -> str:
        name = theirs if _NAME.fullmatch(theirs) else f"{kind[:30]}_{len(self.taken)}".lower()
        while name in self.taken:
            name += "_"
        self.taken.add(name)
        self.by_theirs[theirs] = name
        return name


def read_layers(config: dict[str, Any]) -> list[KerasLayer]:
    """The layers from the input to the output, each after those that it takes values from.

    Raises `RunError` for anything but a Sequential or Functional model of Keras' own layers with one input and output.
    """
    kind = config.get("class_name")
    own = config.get("registered_name") in (None, kind) and str(config.get("module", "keras")).startswith("keras")
    if kind not in ("Sequential", "Functional") or not own:
        raise refused("it is a class of its own, and only networks of Keras' layers are opened")
    inner = config["config"]
    described = inner["layers"]
    if not isinstance(described, list) or not 2 <= len(described) <= MAX_LAYERS:
        raise refused(f"a network must have from 2 to {MAX_LAYERS} layers")
    for layer in described:
        _check_own(layer)
    if kind == "Sequential":
        return [*_sequence(described)]
    return _graph(described, inner)


def input_shape(layer: KerasLayer) -> tuple[int, ...]:
    """The shape of one input image. Raises `RunError` if it is no image of 28×28 pixels in grey."""
    shape = layer.config.get("batch_shape") or layer.config.get("batch_input_shape") or layer.config.get("_built_for")
    if not isinstance(shape, list) or tuple(shape[1:]) not in INPUTS:
        words = " × ".join(map(str, shape[1:])) if isinstance(shape, list) else "unknown"
        raise refused(f"its input must be 28×28, 28×28×1 or 784 pixels, and it is {words[:40]}")
    return tuple(shape[1:])


def refused(reason: str) -> RunError:
    """The error for a network that cannot be opened."""
    return RunError(f"This network cannot be opened: {reason.rstrip('.')}.")


def _check_own(layer: dict[str, Any]) -> None:
    kind, module = str(layer.get("class_name")), str(layer.get("module", "keras.layers"))
    if kind == "Lambda":
        raise refused("it has a Lambda layer. Such a layer holds program code, which is never executed here")
    if kind in ("Sequential", "Functional"):
        raise refused("it has a network as one of its layers. Build it from layers alone, and save it again")
    is_operation = module.startswith("keras.src.ops") and kind in _OPERATIONS
    is_layer = any(module == own or module.startswith(f"{own}.") for own in _OWN_MODULES)
    has_own_name = layer.get("registered_name") not in (None, kind if is_operation else None)
    if not (is_layer or is_operation) or has_own_name or not isinstance(layer["config"], dict):
        raise refused(f"its layer {kind[:40]} is not one of Keras' own. Program code of others is never executed")


def _sequence(described: list[dict[str, Any]]) -> Iterator[KerasLayer]:
    """The layers of a Sequential model. Files of some versions have no input layer: the first layer knows its shape."""
    names, before = _Names(), ""
    for place, layer in enumerate(described):
        kind, config = str(layer["class_name"]), layer["config"]
        if place == 0 and kind != INPUT:
            built_for = (layer.get("build_config") or {}).get("input_shape")
            shape = config.get("batch_input_shape") or config.get("batch_shape") or built_for
            before = names.add("input_of_sequence", INPUT)
            yield KerasLayer(INPUT, before, {"batch_shape": shape}, ())
        theirs = str(config.get("name"))
        name = names.add(theirs, kind)
        yield KerasLayer(kind, name, {**config, "name": theirs}, (before,) if before else ())
        before = name


def _graph(described: list[dict[str, Any]], inner: dict[str, Any]) -> list[KerasLayer]:
    """The layers of a Functional model that its output needs, in an order in which they can be computed."""
    by_name = {str(layer.get("name") or layer["config"].get("name")): layer for layer in described}
    (start,), (end,) = _ends(inner["input_layers"]), _ends(inner["output_layers"])
    names, found, waiting, seen = _Names(), [], [end], set()
    while waiting:
        theirs = waiting[-1]
        if theirs in names.by_theirs:
            waiting.pop()
            continue
        layer = by_name[theirs]
        before = [] if layer["class_name"] == INPUT else [*_inputs(layer, theirs)]
        if missing := [name for name in before if name not in names.by_theirs]:
            if theirs in seen:  # what it needs was computed above, unless it needs itself
                raise refused("its layers go round in a circle")
            seen.add(theirs)
            waiting += missing
            continue
        kind = str(layer["class_name"])
        if kind == INPUT and theirs != start:
            raise refused("it has several inputs")
        inputs = tuple(names.by_theirs[name] for name in before)
        name = names.add(theirs, kind)
        found.append(KerasLayer(kind, name, {**layer["config"], "name": theirs}, inputs))
    return found


def _ends(described: Any) -> list[str]:
    """The names of the layers at one end of a Functional model: ["dense", 0, 0] or a list of these."""
    if not isinstance(described, list) or not described:
        raise refused("its description is not that of a network")
    ends = [described] if isinstance(described[0], str) else described
    if len(ends) != 1:
        raise refused("it has several inputs or outputs")
    return [str(ends[0][0])]


def _inputs(layer: dict[str, Any], name: str) -> Iterator[str]:
    """The names of the layers whose outputs a layer takes, in order."""
    nodes = layer.get("inbound_nodes") or []
    if len(nodes) != 1:
        raise refused(f"its layer {name[:40]} is used several times, or not at all")
    (node,) = nodes
    tensors = node["args"] if isinstance(node, dict) else node  # Keras 2 wrote [[name, 0, 0, {}], …]
    flags = node.get("kwargs") or {} if isinstance(node, dict) else {}
    if any(not (value is None or isinstance(value, bool)) for value in flags.values()):
        raise refused(f"its layer {name[:40]} takes more than the values of the layers before it")
    found = [*_tensors(tensors)]
    if not found:
        raise refused(f"its layer {name[:40]} has no layer before it")
    yield from found


def _tensors(described: Any) -> Iterator[str]:
    if isinstance(described, dict):
        yield _history(described["config"]["keras_history"])
    elif isinstance(described, list) and described and isinstance(described[0], str):
        yield _history(described)
    elif isinstance(described, list):
        for each in described:
            yield from _tensors(each)
    else:
        raise refused("one of its layers takes a number that is no layer's output")


def _history(place: Any) -> str:
    """The layer's name in [name, node, output]. Every layer here has one node and one output."""
    name, node, output = place[:3]
    if node != 0 or output != 0:
        raise refused(f"its layer {str(name)[:40]} is used several times, or has several outputs")
    return str(name)

"""`mnist.pkl.gz`, read without executing it. A pickle is a program, and a foreign one may do anything.

This reader knows only the few instructions that build tuples, lists, dictionaries and plain arrays, and it calls
nothing that the file names. Everything else is refused.
"""

import gzip
import pickletools
import warnings
import zlib
from pathlib import Path
from typing import IO, Any, cast

import numpy as np

from core.data.conversions import MAX_BYTES
from core.errors import DataError
from core.files import read_limited

SUFFIXES = (".pkl", ".pkl.gz", ".pickle", ".pickle.gz")
_MAX_STEPS = 100_000
_DTYPES = {"f4", "f8", "f2", "u1", "u2", "u4", "u8", "i1", "i2", "i4", "i8", "b1"}
_MARK = object()
_RECONSTRUCT, _DTYPE, _NDARRAY, _ENCODE, _FROM_BUFFER = "reconstruct", "dtype", "ndarray", "encode", "frombuffer"
_KNOWN = {
    ("numpy.core.multiarray", "_reconstruct"): _RECONSTRUCT,
    ("numpy._core.multiarray", "_reconstruct"): _RECONSTRUCT,
    ("numpy.core.numeric", "_frombuffer"): _FROM_BUFFER,
    ("numpy._core.numeric", "_frombuffer"): _FROM_BUFFER,
    ("numpy", "dtype"): _DTYPE,
    ("numpy", "ndarray"): _NDARRAY,
    ("_codecs", "encode"): _ENCODE,
}


class _Unreadable(Exception):
    """The pickle holds something else than plain arrays."""


class _Name(str):
    """Something that the pickle names; it is never looked up."""


class _Array:
    """An array that is filled by a later instruction."""

    value: np.ndarray | None = None


class _Type:
    """A NumPy type: its code, and its byte order once it is known."""

    def __init__(self, code: object) -> None:
        if not isinstance(code, str) or code not in _DTYPES:
            raise _Unreadable("it holds something other than numbers")
        self.value = np.dtype(code)


def is_pickle(path: Path) -> bool:
    """Whether the name is that of a pickle."""
    return path.name.lower().endswith(SUFFIXES)


def read_pickle(path: Path) -> Any:
    """The tuples, lists, dictionaries and arrays in a pickle. Raises `DataError` for anything else in it."""
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            content = read_limited(cast(IO[bytes], file), MAX_BYTES)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about text in a damaged file
            return _plain(_Machine().run(content), 0)
    except _Unreadable as error:
        fault = str(error)
    except (OSError, EOFError, zlib.error, ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
        fault = f"it is damaged ({str(error).splitlines()[0][:60] if str(error) else type(error).__name__})"
    raise DataError(
        f"{path.name} is not read: {fault}. A pickle is a program that could harm this machine, so only plain arrays "
        "in it are read, and nothing is executed. Save the arrays with numpy.savez as an .npz with x_train, y_train, "
        "x_test and y_test."
    )


class _Machine:
    """Follows the instructions of a pickle with a stack and a memo, as Python does, for data alone."""

    def __init__(self) -> None:
        self.stack: list[Any] = []
        self.memo: dict[int, Any] = {}

    def run(self, content: bytes) -> Any:
        for step, (code, argument, _) in enumerate(pickletools.genops(content)):
            if step > _MAX_STEPS:
                raise _Unreadable("it has too many instructions")
            if code.name == "STOP":
                return self.stack.pop()
            self._do(code.name, argument)
        raise _Unreadable("it is cut short")

    def _do(self, name: str, argument: Any) -> None:
        stack = self.stack
        match name:
            case "PROTO" | "FRAME":
                pass
            case "MARK":
                stack.append(_MARK)
            case "NONE" | "NEWTRUE" | "NEWFALSE":
                stack.append({"NONE": None, "NEWTRUE": True, "NEWFALSE": False}[name])
            case "INT" | "BININT" | "BININT1" | "BININT2" | "LONG" | "LONG1" | "LONG4" | "FLOAT" | "BINFLOAT":
                stack.append(argument)
            case "STRING" | "BINSTRING" | "SHORT_BINSTRING" | "UNICODE" | "BINUNICODE" | "SHORT_BINUNICODE":
                stack.append(argument)
            case "BINBYTES" | "SHORT_BINBYTES" | "BINBYTES8" | "BYTEARRAY8":
                stack.append(argument)
            case "PUT" | "BINPUT" | "LONG_BINPUT":
                self.memo[argument] = stack[-1]
            case "MEMOIZE":
                self.memo[len(self.memo)] = stack[-1]
            case "GET" | "BINGET" | "LONG_BINGET":
                stack.append(self.memo[argument])
            case "EMPTY_TUPLE" | "EMPTY_LIST" | "EMPTY_DICT":
                stack.append({"EMPTY_TUPLE": (), "EMPTY_LIST": [], "EMPTY_DICT": {}}[name])
            case "TUPLE" | "LIST" | "DICT":
                self._group(name)
            case "TUPLE1" | "TUPLE2" | "TUPLE3":
                length = int(name[-1])
                stack[-length:] = [tuple(stack[-length:])]
            case "APPEND" | "APPENDS" | "SETITEM" | "SETITEMS":
                self._fill(name)
            case "GLOBAL":
                self._name(*argument.split(" ", 1))
            case "STACK_GLOBAL":
                attribute, module = stack.pop(), stack.pop()
                self._name(module, attribute)
            case "REDUCE":
                arguments, called = stack.pop(), stack.pop()
                stack.append(_called(called, arguments))
            case "BUILD":
                state = stack.pop()
                _set_state(stack[-1], state)
            case _:
                raise _Unreadable(f"it holds the instruction {name}")

    def _name(self, module: str, attribute: str) -> None:
        known = _KNOWN.get((module, attribute))
        if known is None:
            raise _Unreadable(f"it calls {module}.{attribute}"[:80])
        self.stack.append(_Name(known))

    def _since_mark(self) -> list[Any]:
        for at in range(len(self.stack) - 1, -1, -1):
            if self.stack[at] is _MARK:
                found = self.stack[at + 1 :]
                del self.stack[at:]
                return found
        raise _Unreadable("it is damaged")

    def _group(self, name: str) -> None:
        found = self._since_mark()
        pairs = zip(found[::2], found[1::2], strict=True) if name == "DICT" else ()
        self.stack.append({"TUPLE": tuple, "LIST": list}[name](found) if name != "DICT" else dict(pairs))

    def _fill(self, name: str) -> None:
        if name in ("APPENDS", "SETITEMS"):
            added = self._since_mark()
        else:
            length = 1 if name == "APPEND" else 2
            added = [self.stack.pop() for _ in range(length)][::-1]
        into = self.stack[-1]
        if name.startswith("APPEND"):
            if type(into) is not list:
                raise _Unreadable("it is damaged")
            into.extend(added)
        else:
            if type(into) is not dict:
                raise _Unreadable("it is damaged")
            into.update(zip(added[::2], added[1::2], strict=True))


def _called(called: Any, arguments: Any) -> Any:
    """What the named function would return, made here."""
    if not isinstance(called, _Name) or type(arguments) is not tuple:
        raise _Unreadable("it calls something")
    if called == _RECONSTRUCT:
        return _Array()
    if called == _DTYPE:
        return _Type(arguments[0])
    if called == _ENCODE and len(arguments) == 2 and arguments[1] == "latin1":
        return arguments[0].encode("latin1")
    if called == _FROM_BUFFER:
        data, kind, shape, order = arguments
        array = _Array()
        array.value = _array(data, kind, shape, order == "F")
        return array
    raise _Unreadable("it calls something")


def _set_state(target: Any, state: Any) -> None:
    if isinstance(target, _Type) and type(state) is tuple and len(state) >= 2:
        if state[1] not in ("<", ">", "|", "="):
            raise _Unreadable("it is damaged")
        target.value = target.value.newbyteorder(state[1])
    elif isinstance(target, _Array) and type(state) is tuple and len(state) == 5:
        _, shape, kind, by_column, data = state
        target.value = _array(data, kind, shape, by_column)
    else:
        raise _Unreadable("it builds something other than plain arrays")


def _array(data: Any, kind: Any, shape: Any, by_column: Any) -> np.ndarray:
    raw = data.encode("latin1") if isinstance(data, str) else data
    if not isinstance(kind, _Type) or not isinstance(raw, bytes | bytearray) or type(shape) is not tuple:
        raise _Unreadable("it builds something other than plain arrays")
    return np.frombuffer(raw, kind.value).reshape(shape, order="F" if by_column else "C")


def _plain(value: Any, depth: int) -> Any:
    """The value with finished arrays. Nothing in it can be nested without end, or a list that holds itself."""
    if depth > 4:
        raise _Unreadable("it is nested too deeply")
    if isinstance(value, _Array):
        if value.value is None:
            raise _Unreadable("an array has no content")
        return value.value
    if type(value) in (tuple, list):
        if len(value) > 100:
            raise _Unreadable("it holds more than arrays")
        return tuple(_plain(one, depth + 1) for one in value)
    if type(value) is dict:
        return {str(name): _plain(one, depth + 1) for name, one in value.items()}
    return value if value is None or isinstance(value, int | float | str) else None

"""A knob: what there is to know of one setting besides its name, type and default, and how its values are checked."""

import dataclasses
import math
from dataclasses import dataclass
from typing import Any

from core.errors import ConfigError


@dataclass(frozen=True)
class Knob:
    """Label, help, group, range and slider of one knob."""

    label: str
    help: str  # what it does, and what to do with it when training goes wrong
    group: str
    low: float | None = None
    high: float | None = None
    step: float | None = None  # of its slider
    choices: tuple[str, ...] = ()
    log: bool = False  # its slider moves in powers of ten
    zero: str = ""  # what its widget shows for 0, where 0 has a meaning of its own

    @property
    def allowed(self) -> str:
        """The values it takes: 'relu, elu, gelu' or '1 to 4096'; empty where it is any text."""
        if self.choices or self.low is None:
            return ", ".join(self.choices)
        return f"{format_value(self.low)} to {format_value(self.high)}"

    def check(self, name: str, value: Any, kind: type) -> Any:
        """`value` as `kind`. Raises `ConfigError` if it is of another kind or out of range."""
        if kind is str:
            if not isinstance(value, str) or (self.choices and value not in self.choices):
                allowed = f"one of {self.allowed}" if self.choices else "text"
                raise ConfigError(f"{name} must be {allowed}. Received: {value!r}. Choose one of them.")
            return value
        low, high = format_value(self.low), format_value(self.high)
        allowed = f"{'a whole number' if kind is int else 'a number'} between {low} and {high}"
        number = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
        if not number or (kind is int and value != int(value)) or not self.low <= value <= self.high:
            raise ConfigError(f"{name} must be {allowed}. Received: {value!r}. Choose a value in that range.")
        return kind(value)

    def read(self, name: str, text: str, kind: type) -> Any:
        """The value of `kind` that `text` writes. Raises `ConfigError` if it writes none."""
        try:
            return self.check(name, kind(text), kind)
        except ValueError:
            kinds = {int: "a whole number", float: "a number"}
            raise ConfigError(f"{name} must be {kinds[kind]}. Received: {text!r}. Write it in digits.") from None


def format_value(value: Any) -> str:
    """A value as links, errors and help have it, with every digit that it was given."""
    return f"{value:.12g}" if isinstance(value, float) else str(value)


def knob(default: Any, group: str, label: str, help: str, **options: Any) -> Any:
    """A field of a dataclass that is a knob."""
    return dataclasses.field(default=default, metadata={"knob": Knob(label, help, group, **options)})

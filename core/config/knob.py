"""A knob: label, help, range and checks of one setting. Its name, type and default are a field of `RunConfig`."""

import dataclasses
import re
from dataclasses import dataclass
from typing import Any

from core.errors import ConfigError
from core.formatting import count

MAX_TEXT = 500  # characters of a value: sixteen layers take fewer than 300


@dataclass(frozen=True)
class Knob:
    """Label, help, group, range and slider of one knob."""

    label: str
    help: str  # what it does, and when to change it
    group: str
    low: float | None = None
    high: float | None = None
    step: float | None = None  # of the slider
    choices: tuple[str, ...] = ()
    pattern: str = ""  # other values beside the choices: a regular expression
    pattern_shown: str = ""  # the same for people
    log: bool = False  # the slider has a logarithmic scale
    zero: str = ""  # what its widget shows for 0, where 0 has a meaning of its own
    is_count: bool = True  # a whole number that counts something; a seed only names one

    @property
    def unlimited(self) -> bool:
        """Whether 0 means all: more than every other value."""
        return self.zero == "all"

    @property
    def allowed(self) -> str:
        """The allowed values: 'relu, elu, gelu' or '1 to 4096'; empty if any text is allowed."""
        if self.choices or self.low is None:
            return ", ".join(filter(None, (*self.choices, self.pattern_shown)))
        return f"{format_value(self.low)} to {format_value(self.high)}"

    def shown(self, value: Any, empty: str = "none") -> str:
        """A value as people read it: "60,000"; `empty` for an empty text. The widget has the same word for 0."""
        if value == 0 and self.zero:
            return self.zero
        if isinstance(value, int) and self.is_count:
            return count(value)
        return format_value(value) or empty

    def check(self, name: str, value: Any, kind: type) -> Any:
        """`value` as `kind`. Raises `ConfigError` if it has another type or is out of range."""
        if kind is str:
            if not isinstance(value, str) or len(value) > MAX_TEXT or not self._may_be(value):
                allowed = f"one of {self.allowed}" if self.choices else f"text of at most {MAX_TEXT} characters"
                raise ConfigError(f"{name} must be {allowed}.", received=value)
            return value
        low, high = format_value(self.low), format_value(self.high)
        allowed = f"{'a whole number' if kind is int else 'a number'} between {low} and {high}"
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        # The range first: a whole number may have hundreds of digits, and NaN is in no range.
        if not number or not self.low <= value <= self.high or (kind is int and value != int(value)):
            raise ConfigError(f"{name} must be {allowed}.", received=value)
        return kind(value)

    def _may_be(self, text: str) -> bool:
        if not self.choices or text in self.choices:
            return True
        return bool(self.pattern and re.fullmatch(self.pattern, text))

    def read(self, name: str, text: str, kind: type) -> Any:
        """Reads a value of `kind` from text. Raises `ConfigError` if the text is not one."""
        try:
            return self.check(name, kind(text[: MAX_TEXT + 1]), kind)
        except ValueError:
            kinds = {int: "a whole number", float: "a number"}
            raise ConfigError(f"{name} must be {kinds[kind]}. Write it in digits.", received=text) from None


def format_value(value: Any) -> str:
    """A value as text for links, errors and help, with all its digits."""
    return f"{value:.12g}" if isinstance(value, float) else str(value)


def knob(default: Any, group: str, label: str, help: str, **options: Any) -> Any:
    """A dataclass field that is a knob."""
    return dataclasses.field(default=default, metadata={"knob": Knob(label, help, group, **options)})

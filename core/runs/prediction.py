"""What a person predicts before a run trains. The run keeps it, with what was asked: its folder explains itself.

Links, files of assignments and run folders hold the same texts. All of them may come from anywhere.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from core.config.knob import format_value
from core.config.run_config import KNOBS, RunConfig, read_knob
from core.errors import AssignmentError, ConfigError
from core.untrusted import text

NOTHING, NUMBER, CHOICE, SETTING, TEXT = "", "number", "choice", "setting", "text"
KINDS = (NUMBER, CHOICE, SETTING, TEXT, NOTHING)
MAX_QUESTION, MAX_TEXT = 300, 300  # characters
MIN_CHOICES, MAX_CHOICES, MAX_CHOICE = 2, 5, 80  # number, number, characters of each
WITHIN, MIN_WITHIN, MAX_WITHIN = 0.5, 0.1, 20.0  # percentage points
_RANGE = re.compile(r"(.*?)\s*\[([^\[\]]*)\]")
_MAX_LINES = MAX_CHOICES * (MAX_CHOICE + 20)
_MAX_VERSUS = 1100  # characters: a knob and two of its values


@dataclass(frozen=True)
class Choice:
    """One of the answers that a teacher offers, and the accuracies in percent, [low, high), for which it is right."""

    words: str
    low: float | None = None  # None: only the teacher knows
    high: float | None = None

    def __str__(self) -> str:
        return self.words if self.low is None else f"{self.words} [{self.low:g}-{self.high:g}]"

    @property
    def explained(self) -> str:
        """The words with the range, for the student: 'It learns nothing (0 to 30%)'."""
        return self.words if self.low is None else f"{self.words} ({self.low:g} to {self.high:g}%)"

    def distance(self, accuracy: float) -> float | None:
        """How far a share in [0, 1] is from the range: 0 inside. None without a range."""
        if self.low is None or self.high is None:
            return None
        percent = round(accuracy * 100, 6)
        if self.low <= percent and (percent < self.high or self.high == 100):
            return 0.0
        # Just at the upper end, it is outside all the same.
        return max((self.low - percent) / 100, (percent - self.high) / 100, 1e-9)

    @classmethod
    def read(cls, line: str) -> Self:
        """Reads `str` back: 'It learns nothing [0-30]'. Raises `AssignmentError`."""
        words, low, high = line.strip(), None, None
        if found := _RANGE.fullmatch(words):
            words, ends = found[1], found[2].replace("–", "-").replace("%", "").replace(",", ".").split("-")
            low, high = (_number(end, 0, 100, "Each accuracy in brackets") for end in (*ends, "", "")[:2])
            if low >= high or len(ends) > 2:
                raise AssignmentError("Write the accuracies of a choice from low to high, such as [90-100].", line)
        if not words or len(words) > MAX_CHOICE:
            raise AssignmentError(f"A choice must have 1 to {MAX_CHOICE} characters.", line[:MAX_CHOICE])
        return cls(words, low, high)


@dataclass(frozen=True)
class Versus:
    """Two values of one knob: the one that leads to the higher accuracy wins."""

    knob: str
    values: tuple[str, str]  # as texts

    def __str__(self) -> str:
        return ":".join([self.knob, *self.values])

    def shown(self, value: str) -> str:
        """The setting as people read it: 'Learning rate 0.03'."""
        return f"{KNOBS[self.knob].label} {KNOBS[self.knob].shown(read_knob(self.knob, value))}"

    def value_of(self, config: RunConfig) -> str:
        """The value in a config, as text."""
        return format_value(getattr(config, self.knob))

    def other(self, value: str) -> str | None:
        """The other value; None if `value` is neither."""
        first, second = self.values
        return {first: second, second: first}.get(value)

    @classmethod
    def read(cls, words: str) -> Self:
        """Reads `str` back: 'learning_rate:0.001:0.03'. Raises `AssignmentError`."""
        knob, *values = words.split(":")
        if knob not in KNOBS or len(values) != 2:
            raise AssignmentError("Two settings must be one knob with two values, such as units:16:128.", words)
        try:
            configs = (RunConfig(**{knob: read_knob(knob, value)}) for value in values)
            first, second = (format_value(getattr(config, knob)) for config in configs)  # as runs write them
        except ConfigError as error:
            raise AssignmentError(f"One of the two settings cannot be used: {error.sentence}", words) from error
        if first == second:
            raise AssignmentError("The two settings are equal. Give the knob another value.", words)
        return cls(knob, (first, second))


@dataclass(frozen=True)
class Asked:
    """What is to be predicted: the accuracy, one of some choices, which of two settings wins, or a free text.

    within: how many percentage points a number may be away from the result.
    """

    kind: str = NOTHING
    within: float = WITHIN
    choices: tuple[Choice, ...] = ()
    versus: Versus | None = None

    @property
    def options(self) -> dict[str, str]:
        """The possible predictions → how each is shown; empty for numbers and free text."""
        if self.versus:
            return {value: self.versus.shown(value) for value in self.versus.values}
        return {choice.words: choice.words for choice in self.choices}

    @property
    def teacher_decides(self) -> bool:
        """Whether the accuracy alone does not say which choice is right."""
        return self.kind == CHOICE and any(choice.low is None for choice in self.choices)

    def check(self, given: Any) -> str:
        """The prediction as it is kept: '97.5', a choice, a value of the knob, a text. Raises `AssignmentError`."""
        match self.kind:
            case "number":
                if given in (None, ""):
                    raise AssignmentError("Write your prediction, a number from 0 to 100. Then press Start.")
                return f"{_number(given, 0, 100, 'Your prediction'):g}"
            case "choice" | "setting":
                if not isinstance(given, str) or given not in self.options:
                    raise AssignmentError("Choose your prediction. Then press Start.")
                return given
            case "text":
                words = text(given, MAX_TEXT).strip() if isinstance(given, str) else ""
                if not words:
                    raise AssignmentError("Write your prediction. Then press Start.")
                return words
        raise AssignmentError("This assignment asks for no prediction.")

    def to_texts(self) -> dict[str, str]:
        """For links and files; empty if nothing is asked."""
        texts = {
            "predict": self.kind,
            "within": f"{self.within:g}" if self.kind == NUMBER else "",
            "choices": "\n".join(map(str, self.choices)),
            "versus": str(self.versus or ""),
        }
        return {name: words for name, words in texts.items() if words}

    @classmethod
    def from_texts(cls, values: Mapping[str, Any]) -> Self:
        """Reads `to_texts` back and ignores other names. Raises `AssignmentError` where something cannot be used."""
        kind = values.get("predict", NOTHING)
        if kind not in KINDS:
            raise AssignmentError(f"predict must be one of {', '.join(filter(None, KINDS))}, or missing.", kind)
        match kind:
            case "number":
                within = _number(values.get("within", WITHIN), MIN_WITHIN, MAX_WITHIN, "The allowed difference")
                return cls(kind, within=within)
            case "choice":
                return cls(kind, choices=_choices(_words(values, "choices", _MAX_LINES, lines=True)))
            case "setting":
                return cls(kind, versus=Versus.read(_words(values, "versus", _MAX_VERSUS)))
        return cls(kind)


@dataclass(frozen=True)
class Prediction:
    """A prediction, checked, with what was asked."""

    question: str
    asked: Asked
    given: str

    @property
    def shown(self) -> str:
        """The prediction as people read it."""
        return f"{self.given}%" if self.asked.kind == NUMBER else self.asked.options.get(self.given, self.given)

    def to_facts(self) -> dict[str, str]:
        """For a run.json."""
        return {"question": self.question, "given": self.given, **self.asked.to_texts()}

    @classmethod
    def from_facts(cls, facts: Any) -> "Prediction | None":
        """Reads `to_facts` back; None for None. Raises `ValueError` or `AssignmentError` for anything else."""
        if facts is None:
            return None
        if not isinstance(facts, dict):
            raise ValueError("not a prediction")
        asked = Asked.from_texts(facts)
        return cls(text(facts.get("question", ""), MAX_QUESTION), asked, asked.check(facts.get("given")))


def _choices(lines: str) -> tuple[Choice, ...]:
    choices = tuple(Choice.read(line) for line in lines.split("\n") if line.strip())
    if not MIN_CHOICES <= len(choices) <= MAX_CHOICES:
        raise AssignmentError(f"Write {MIN_CHOICES} to {MAX_CHOICES} choices, one in each line.", len(choices))
    if len({choice.words for choice in choices}) < len(choices):
        raise AssignmentError("Two choices have the same words. Write another text for one of them.")
    return choices


def _words(values: Mapping[str, Any], name: str, longest: int, *, lines: bool = False) -> str:
    try:
        return text(values.get(name, ""), longest, lines=lines)
    except ValueError:
        raise AssignmentError(f"{name} must be text.") from None


def _number(value: Any, low: float, high: float, what: str) -> float:
    """A number, or its text as a link has it."""
    try:
        found = float(value[:20] if isinstance(value, str) else value)
    except (TypeError, ValueError, OverflowError):
        found = -1.0
    if isinstance(value, bool) or not low <= found <= high:
        raise AssignmentError(f"{what} must be a number from {low:g} to {high:g}.", value)
    return found

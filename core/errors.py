"""The errors that a visitor may see. Each sentence says what was wrong, what is allowed and what to do next.

    DigitLabError
    ├── ConfigError     a knob has a value that cannot be trained with
    │   └── NetworkError    the layers do not fit together
    ├── DataError       a data set is missing, damaged or of the wrong shape
    ├── DrawingError    a picture holds no digit, or cannot be read
    ├── DeviceError     the requested device is missing, or ran out of memory
    ├── RunError        a run is unknown, unfinished or damaged
    ├── LimitError      a limit of this server refuses it
    ├── HomeError       the home folder cannot be used
    └── AssignmentError an assignment is unknown, closed, damaged or just edited, or lacks a prediction

Any other exception is a defect of the program and is not caught.
"""

from typing import Any

NOTHING = object()


class DigitLabError(Exception):
    """A problem that the visitor can solve.

    sentence: what pages show. received: the value that was refused, a detail for the command line and the log.
    """

    def __init__(self, sentence: str, received: Any = NOTHING) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.received = received

    def __str__(self) -> str:
        return self.sentence if self.received is NOTHING else f"{self.sentence} Received: {self.received!r}."


class ConfigError(DigitLabError):
    """A knob has a value that cannot be trained with."""


class NetworkError(ConfigError):
    """The layers do not fit together."""


class DataError(DigitLabError):
    """A data set is missing, damaged or of the wrong shape."""


class DrawingError(DigitLabError):
    """A picture holds no digit, or cannot be read."""


class TooManyMarksError(DrawingError):
    """A picture shows more marks than the digits that one picture may hold."""


class DeviceError(DigitLabError):
    """The requested device is missing, or ran out of memory."""


class RunError(DigitLabError):
    """A run is unknown, unfinished or damaged."""


class LimitError(DigitLabError):
    """A limit of this server refuses it. The sentence names the limit and who set it."""


class HomeError(DigitLabError):
    """The home folder cannot be used."""


class AssignmentError(DigitLabError):
    """An assignment is unknown, closed, damaged or just edited, or a prediction is missing or cannot be used."""

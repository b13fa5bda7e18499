"""The errors a visitor may see: each message says what was wrong, what is allowed, what was received and what to do.

    DigitLabError
    ├── ConfigError     a knob has a value that cannot be trained with
    │   └── NetworkError    the layers do not fit on one another
    ├── DataError       a data set is missing, damaged or of the wrong shape
    ├── DrawingError    a picture holds no digit, or cannot be read
    ├── DeviceError     the device asked for is not there, or ran out of memory
    ├── RunError        a run is unknown, unfinished or damaged
    └── HomeError       the folder where all is kept cannot be used

Anything else that is raised is a defect of the program, and stays loud.
"""


class DigitLabError(Exception):
    """Something the visitor can mend; its text is shown as it is."""


class ConfigError(DigitLabError):
    """A knob has a value that cannot be trained with."""


class NetworkError(ConfigError):
    """The layers do not fit on one another."""


class DataError(DigitLabError):
    """A data set is missing, damaged or of the wrong shape."""


class DrawingError(DigitLabError):
    """A picture holds no digit, or cannot be read."""


class DeviceError(DigitLabError):
    """The device asked for is not there, or ran out of memory."""


class RunError(DigitLabError):
    """A run is unknown, unfinished or damaged."""


class HomeError(DigitLabError):
    """The folder where all is kept cannot be used."""

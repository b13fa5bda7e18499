"""Names of visitors: the name that a visitor gives for the class, and a pseudonym for those who give none.

classroom/names.json   id of a visitor → name, oldest first

A name is plain text. Pages escape it where they show it.
"""

import hashlib
from pathlib import Path

from core.classroom.folder import folder
from core.errors import DigitLabError
from core.files import exclusive, read_json, write_json
from core.untrusted import text

MAX_NAME = 40  # characters
MAX_NAMES = 2000  # in one home; newer ones replace the oldest
MAX_ID = 60  # characters of a visitor's id
_FILE = "names.json"
_COLOURS = (
    "amber", "beige", "black", "blue", "bronze", "brown", "coral", "golden", "green", "grey", "orange", "pink",
    "purple", "red", "silver", "turquoise", "violet", "white", "yellow",
)  # fmt: skip
_ANIMALS = (
    "ant", "badger", "bat", "bear", "beaver", "bee", "bison", "camel", "cat", "cheetah", "crab", "crane", "crow",
    "deer", "dolphin", "dove", "duck", "eagle", "elephant", "falcon", "ferret", "finch", "fox", "frog", "gecko",
    "giraffe", "goose", "gorilla", "hamster", "hare", "hawk", "hedgehog", "heron", "horse", "jaguar", "kangaroo",
    "koala", "lemur", "leopard", "lion", "lizard", "lynx", "mole", "moose", "mouse", "octopus", "otter", "owl",
    "panda", "panther", "parrot", "pelican", "penguin", "puma", "rabbit", "raven", "robin", "salmon", "seal", "shark",
    "sparrow", "squirrel", "swan", "tiger", "toucan", "turtle", "walrus", "whale", "wolf", "zebra",
)  # fmt: skip
_NUMBERS = 98  # 2 to 99. Two of thirty visitors have one pseudonym in about one class of 300


def give(home: Path, visitor_id: str, name: str) -> None:
    """Sets the name of a visitor; an empty one removes it. Raises `DigitLabError` for more than 40 characters."""
    cleaned = " ".join(text(name, MAX_NAME + 1).split())
    if len(cleaned) > MAX_NAME or len(name) > 10 * MAX_NAME:
        raise DigitLabError(f"A name may have {MAX_NAME} characters. Write a shorter one.", name[:MAX_NAME])
    with exclusive(folder(home) / ".names.lock"):
        names = all_names(home)
        names.pop(visitor_id, None)
        if cleaned:
            names[visitor_id] = cleaned
        write_json(folder(home) / _FILE, dict(list(names.items())[-MAX_NAMES:]))


def name_of(home: Path, visitor_id: str) -> str:
    """The name that a visitor gave; empty if there is none."""
    return all_names(home).get(visitor_id, "")


def all_names(home: Path) -> dict[str, str]:
    """All names by the visitors' ids. For many visitors at once this is faster than `name_of`."""
    saved = read_json(home / "classroom" / _FILE)
    if not isinstance(saved, dict):
        return {}
    known = {visitor: name for visitor, name in saved.items() if isinstance(name, str) and len(visitor) <= MAX_ID}
    return {visitor: text(name, MAX_NAME) for visitor, name in known.items()}


def pseudonym(visitor_id: str) -> str:
    """A stable name such as "Blue otter 27". It says nothing about the visitor."""
    number = int.from_bytes(hashlib.sha256(f"pseudonym {visitor_id}".encode()).digest()[:8])
    number, last = divmod(number, _NUMBERS)
    number, animal = divmod(number, len(_ANIMALS))
    return f"{_COLOURS[number % len(_COLOURS)].capitalize()} {_ANIMALS[animal]} {last + 2}"

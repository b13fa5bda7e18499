"""What the class board calls a visitor: the name that they gave, if they want it there, else the pseudonym.

classroom/on_board.json   ids of the visitors who want their name there, oldest first
"""

from pathlib import Path

from core.classroom import names
from core.classroom.folder import folder
from core.files import exclusive, read_json, write_json

_FILE = "on_board.json"


def show_name(home: Path, visitor_id: str, wanted: bool) -> None:
    """Keeps whether the board shows the visitor's name. Without this, it shows the pseudonym."""
    with exclusive(folder(home) / ".on_board.lock"):
        others = [each for each in _wanting(home) if each != visitor_id]
        write_json(folder(home) / _FILE, [*others, *([visitor_id] if wanted else [])][-names.MAX_NAMES :])


def shows_name(home: Path, visitor_id: str) -> bool:
    """Whether the visitor wants their name on the board."""
    return visitor_id in _wanting(home)


class BoardNames:
    """What visitors are called, read once for a whole board. Escape what it returns."""

    def __init__(self, home: Path) -> None:
        self._given, self._wanting = names.all_names(home), set(_wanting(home))

    def shown(self, visitor_id: str) -> str:
        """For everybody who looks at the board."""
        if not visitor_id:
            return "Command line"
        given = self._given.get(visitor_id) if visitor_id in self._wanting else None
        return given or names.pseudonym(visitor_id)

    def given(self, visitor_id: str) -> str:
        """For the teacher alone: the name that the visitor gave for the class, or an empty text."""
        return self._given.get(visitor_id, "")


def _wanting(home: Path) -> list[str]:
    saved = read_json(home / "classroom" / _FILE)
    return [each for each in saved if isinstance(each, str)] if isinstance(saved, list) else []

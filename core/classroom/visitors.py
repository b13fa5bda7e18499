"""Who asks for something: one browser, or one person who logged in."""

from dataclasses import dataclass
from typing import Protocol


class HasStarter(Protocol):
    """A run or a sweep."""

    @property
    def starter(self) -> str:
        """The id of the visitor who started it; empty for the command line."""


@dataclass(frozen=True)
class Visitor:
    """`id`: as runs name their starter. address: in the network; empty if it is unknown or this machine."""

    id: str
    address: str = ""
    is_teacher: bool = False

    def may_control(self, what: HasStarter) -> bool:
        """Whether they may stop, rename and delete it: they started it, nobody owns it, or they are the teacher."""
        return self.is_teacher or what.starter in ("", self.id)

"""Every setting of the server: one entry each, which the file, the checks, the page and the tests read."""

import re
from dataclasses import dataclass
from typing import Any

from core.config.run_config import KNOB_TYPES, KNOBS
from core.drawing.picture_file import MAX_BYTES

EVERYONE, TEACHER, NOBODY = WHO = "everyone", "teacher", "nobody"
LIMITS, KNOB_BOUNDS, PEOPLE, CLUSTER = "limits", "knobs", "people", "cluster"  # sections of the file
_SECTIONS_ABOUT = {
    LIMITS: "What visitors may do. 0: no limit. Runs of the command line have no limits.",
    KNOB_BOUNDS: "The largest value of a knob that visitors may train with. 0: no limit but the knob's own.",
    PEOPLE: "Which address a visitor has, and who is a teacher beside the browsers that the teacher's key unlocked.",
    CLUSTER: "Several machines train the runs, by way of Ray (docs/cluster.md). It counts after a restart.",
}
MAX_TEXT, MAX_LIST = 200, 500
_PICTURE = MAX_BYTES // 1_000_000  # megabytes that Draw reads at most


@dataclass(frozen=True)
class Setting:
    """One setting. alone: its default where only this machine can open the pages; shared: where others can, too.

    high: the largest allowed number. choices: the allowed words. form: what each text must match, and its name.
    """

    name: str
    section: str
    label: str
    about: str
    alone: Any
    shared: Any
    high: int = 0
    choices: tuple[str, ...] = ()
    form: tuple[str, str] = ("", "")

    def check(self, value: Any) -> Any:
        """The value if it is allowed. Raises `ValueError` with what is allowed."""
        kind = type(self.shared)
        if kind is bool:
            if isinstance(value, bool):
                return value
            raise ValueError("true or false")
        if kind is int:
            if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= self.high:
                return value
            raise ValueError(f"a whole number from 0 to {self.high:,}")
        if kind is tuple:
            if not isinstance(value, list | tuple) or len(value) > MAX_LIST or not all(map(_is_text, value)):
                raise ValueError('a list of texts, such as ["ada@example.org"]')
            for text in value:
                self._check_form(text)
            return tuple(value)
        if self.choices and value not in self.choices:
            raise ValueError(" or ".join(f'"{choice}"' for choice in self.choices))
        if not _is_text(value):
            raise ValueError(f"a text of at most {MAX_TEXT} characters")
        self._check_form(value)
        return value

    def _check_form(self, text: str) -> None:
        pattern, name = self.form
        if pattern and not re.fullmatch(pattern, text):
            raise ValueError(name)


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= MAX_TEXT and value.isprintable()


def _limit(name: str, label: str, about: str, *, alone: int = 0, shared: int, high: int = 1_000_000) -> Setting:
    return Setting(name, LIMITS, label, about, alone, shared, high)


def _bound(knob: str) -> Setting:
    facts = KNOBS[knob]
    about = f"The largest value of {facts.label}. The knob itself ends at {facts.high:,.0f}."
    return Setting(knob, KNOB_BOUNDS, facts.label, about, 0, 0, int(facts.high or 0))


_BOUNDED = [name for name, facts in KNOBS.items() if KNOB_TYPES[name] is int and facts.high and name != "seed"]
_ALL = (
    _limit("waiting_per_visitor", "Waiting runs of one visitor", "Runs that one visitor may have waiting.", shared=10),
    _limit(
        "waiting_per_address", "Waiting runs from one network address",
        "Runs that may wait from one network address, whatever cookies its browsers have. A class behind one router "
        "shares an address.", shared=40,
    ),
    _limit("waiting_in_all", "Waiting runs in all", "Runs of all visitors that may wait.", shared=200),
    _limit(
        "turns_per_address", "Turns of one network address",
        "So many runs of one network address train before everybody else had a turn. With many cookies, one browser "
        "gets no more. For a class behind one router: 30.", shared=3,
    ),
    _limit("longest_seconds", "Longest forecast of a run (s)", "A run with a longer forecast is refused.", shared=1200),
    _limit(
        "parameters", "Largest network (parameters)", "A network with more parameters is refused.",
        shared=5_000_000, high=10**9,
    ),
    Setting("sweeps", LIMITS, "Who may sweep", "Who may start sweeps and searches.", EVERYONE, EVERYONE, 0, WHO),
    _limit("searches_at_once", "Searches at the same time", "Each search is a process with 150 MB.", shared=3),
    _limit(
        "runs_gigabytes", "Disk for runs (GB)",
        "Runs, the trash and sweeps may take so much disk. When it is reached, new runs are refused.",
        shared=20, high=1_000_000,
    ),
    Setting(
        "delete_oldest", LIMITS, "Delete the oldest runs when the disk limit is reached",
        "First the trash is emptied, then the oldest runs are deleted for good. Runs that train, that have a star, or "
        "that belong to an assignment stay.", False, False,
    ),
    _limit("digits_per_visitor", "Drawings of one visitor", "Drawings that one visitor may keep in My hand.",
           alone=2000, shared=500, high=2000),
    _limit("digits_in_all", "Drawings of all visitors", "Drawings that all visitors together may keep.",
           shared=50_000),
    _limit("picture_megabytes", "Largest picture (MB)", "A photograph for Draw may have so many megabytes.",
           alone=_PICTURE, shared=_PICTURE, high=_PICTURE),
    *map(_bound, _BOUNDED),
    Setting(
        "address_header", PEOPLE, "Header with the network address",
        "Behind a reverse proxy: the header in which it writes the visitor's address, such as X-Forwarded-For. Its "
        "last address counts. Set it only if nobody can reach this server past the proxy. Empty: the connection's "
        "own address counts.", "", "", form=(r"[\w-]*", "the name of a header, such as X-Forwarded-For"),
    ),
    Setting("teacher_emails", PEOPLE, "Teachers' e-mail addresses",
            "Who logs in with one of these verified addresses is a teacher.", (), (),
            form=(r"[^@\s]+@[^@\s]+", "addresses such as ada@example.org")),
    Setting("teacher_claim", PEOPLE, "Claim of a teacher",
            "Or: who logs in with this claim, such as roles, and the value below.", "", ""),
    Setting("teacher_claim_value", PEOPLE, "Value of this claim", "For example teacher.", "", ""),
    Setting(
        "cluster_address", CLUSTER, "Address of the cluster",
        "Host and port of Ray's head node, such as lab-1:6379. RAY_ADDRESS replaces it. Empty: runs train on this "
        "machine.", "", "",
    ),
    Setting("cluster_cpus", CLUSTER, "CPUs of one run", "So many CPUs one run on a node uses.", 1, 1, 256),
    Setting("cluster_runs_per_gpu", CLUSTER, "Runs on one GPU", "So many runs share a GPU at a time.", 1, 1, 100),
)  # fmt: skip
SETTINGS = {setting.name: setting for setting in _ALL}
SECTIONS = {
    section: (about, [setting for setting in _ALL if setting.section == section])
    for section, about in _SECTIONS_ABOUT.items()
}

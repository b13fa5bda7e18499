"""The limits of the server. Each refusal is a sentence that names the limit, who set it, and what to do."""

from dataclasses import dataclass
from typing import Any

from core.classroom.setting_list import EVERYONE, KNOB_BOUNDS, NOBODY, SECTIONS
from core.classroom.settings import Settings
from core.classroom.visitors import Visitor
from core.config.run_config import KNOBS, RunConfig
from core.errors import LimitError
from core.formatting import count, duration, estimate
from core.network.architecture import count_parameters

GIGABYTE, MEGABYTE = 1_000_000_000, 1_000_000


@dataclass(frozen=True)
class Waiting:
    """How many runs wait: of one visitor, from one network address, and in all."""

    own: int
    from_address: int
    in_all: int


@dataclass(frozen=True)
class Limits:
    """The checks. `0` or an empty setting means no limit."""

    settings: Settings

    def check_config(self, config: RunConfig) -> None:
        """The knobs of one run, and the size of its network. Raises `LimitError`."""
        for setting in SECTIONS[KNOB_BOUNDS][1]:
            highest, bound = _largest(config, setting.name), self.settings[setting.name]
            if bound and highest > bound:
                self._refuse(
                    setting.name,
                    f"{KNOBS[setting.name].label} may be at most {bound:,} on this server",
                    "Choose a smaller value.",
                    highest,
                )
        parameters, most = count_parameters(config), self.settings["parameters"]
        if most and parameters > most:
            self._refuse(
                "parameters",
                f"This network has {count(parameters, 'parameter')}. At most {most:,} are allowed",
                "Choose fewer units or layers.",
                parameters,
            )

    def check_seconds(self, seconds: float) -> None:
        """The forecast of one run. Raises `LimitError`."""
        longest = self.settings["longest_seconds"]
        if longest and seconds > longest:
            self._refuse(
                "longest_seconds",
                f"This run would take about {estimate(seconds)}. At most {duration(longest)} are allowed",
                "Choose fewer epochs or images, or a smaller network.",
                round(seconds),
            )

    def check_waiting(self, waiting: Waiting, more: int = 1) -> None:
        """Whether `more` runs may wait. Raises `LimitError`."""
        asked = "" if more == 1 else f"You asked for {count(more, 'run')}."
        remedy = f"{asked} Wait until some have trained, or remove some from the queue.".strip()
        for name, there, sentence in (
            ("waiting_per_visitor", waiting.own, "You have {0} waiting. At most {1} of one visitor may wait"),
            (
                "waiting_per_address",
                waiting.from_address,
                "{0} from your network address are waiting. At most {1} may wait",
            ),
            ("waiting_in_all", waiting.in_all, "{0} are waiting on this server. At most {1} may wait"),
        ):
            most = self.settings[name]
            if most and there + more > most:
                self._refuse(name, sentence.format(count(there, "run"), f"{most:,}"), remedy, there + more)

    def check_sweep(self, visitor: Visitor) -> None:
        """Whether the visitor may start sweeps and searches. Raises `LimitError`."""
        who = self.settings["sweeps"]
        if who == NOBODY:
            self._refuse("sweeps", "Nobody may start sweeps on this server", "Train single runs on Train.")
        if who != EVERYONE and not visitor.is_teacher:
            self._refuse("sweeps", "Only the teacher may start sweeps", "Train single runs on Train.")

    def check_searches(self, running: int) -> None:
        """Whether one more search may run beside `running` others. Raises `LimitError`."""
        most = self.settings["searches_at_once"]
        if most and running >= most:
            self._refuse(
                "searches_at_once",
                f"At most {most:,} searches may run at the same time",
                "Wait until one has ended, or start a sweep.",
                running + 1,
            )

    def check_disk(self, used: int, needed: int) -> None:
        """Whether runs may take `needed` bytes beside the `used` ones. Raises `LimitError`."""
        most = self.settings["runs_gigabytes"]
        if most and used + needed > most * GIGABYTE:
            self._refuse(
                "runs_gigabytes",
                f"The runs on this server take {_gigabytes(used)}, and this needs about {_gigabytes(needed)} more. "
                f"At most {most:,} GB are allowed",
                "Delete runs on Compare, and then empty the trash there: the trash counts too.",
            )

    @property
    def disk_bytes(self) -> int:
        """What runs may take; 0: no limit."""
        return int(self.settings["runs_gigabytes"]) * GIGABYTE

    def check_picture(self, size: int) -> None:
        """The size of an uploaded picture in bytes. Raises `LimitError`."""
        most = self.settings["picture_megabytes"]
        if most and size > most * MEGABYTE * 1.05:  # some count 1,048,576 bytes as one
            self._refuse(
                "picture_megabytes",
                f"This picture has {size / MEGABYTE:.1f} MB. At most {most} MB are allowed",
                "Choose a smaller one.",
                size,
            )

    def check_digits(self, own: int, in_all: int, more: int = 1) -> None:
        """Whether so many more drawings may be kept. Raises `LimitError`."""
        remedy = "Delete some in My hand first."
        most = self.settings["digits_per_visitor"]
        if most and own + more > most:
            self._refuse("digits_per_visitor", f"My hand holds at most {count(most, 'digit')}", remedy, own + more)
        most = self.settings["digits_in_all"]
        if most and in_all + more > most:
            sentence = f"All visitors together may keep {count(most, 'digit')}"
            self._refuse("digits_in_all", sentence, remedy, in_all + more)

    def _refuse(self, name: str, limit: str, remedy: str, received: Any = None) -> None:
        sentence = f"{limit} ({self.settings.who(name)}). {remedy}"
        raise LimitError(sentence) if received is None else LimitError(sentence, received)


def _largest(config: RunConfig, knob: str) -> int:
    """The value of a knob; layers by hand count too. 0 that means "all" counts as the most."""
    dense = [layer for layer in config.layers if layer.kind == "dense"]
    match knob:
        case "units":
            return max((layer.size for layer in dense), default=0)
        case "hidden_layers":
            return len(dense)
        case _:
            value = getattr(config, knob)
            return int(KNOBS[knob].high or 0) if KNOBS[knob].unlimited and not value else int(value)


def _gigabytes(size: int) -> str:
    return f"{size / GIGABYTE:.1f} GB" if size >= GIGABYTE / 10 else f"{size / MEGABYTE:.0f} MB"

"""The settings of the server: one file in the home folder, which a text editor or the page "This server" changes.

server.toml   every setting with a comment; what is commented out has its default
"""

import functools
import json
import textwrap
import tomllib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.classroom.folder import folder
from core.classroom.setting_list import SECTIONS, SETTINGS, Setting
from core.errors import DigitLabError
from core.files import exclusive, read_regular, write_atomic

FILE = "server.toml"
_MAX_BYTES = 200_000
_HEAD = """\
# Settings of this Digit Lab server. Save the file, and they count at once: no restart is needed.
# The page "This server" shows them, and the teacher can change them there. It writes this file again: comments of your
# own are lost then. Remove the sign # before a setting to set it.
"""


@dataclass(frozen=True)
class Settings:
    """chosen: the settings that differ from their defaults, by name. problems: sentences about the file.

    shared: whether other machines can open the pages; this decides the defaults.
    """

    chosen: Mapping[str, Any]
    shared: bool = False
    problems: tuple[str, ...] = ()

    def __getitem__(self, name: str) -> Any:
        return self.chosen.get(name, self.default(name))

    def default(self, name: str) -> Any:
        setting = SETTINGS[name]
        return setting.shared if self.shared else setting.alone

    def who(self, name: str) -> str:
        """Who set it, for sentences."""
        return "set by your teacher" if name in self.chosen else "the default of this server"


def read(home: Path, *, shared: bool) -> Settings:
    """The settings of a home. A value that is not allowed is left out, and `problems` says so."""
    try:
        state = (home / FILE).lstat()
    except OSError:
        return Settings({}, shared)
    return _read(home / FILE, (state.st_mtime_ns, state.st_size, state.st_ino), shared)


@functools.lru_cache(16)
def _read(path: Path, version: tuple[int, ...], shared: bool) -> Settings:
    """version: of the file; it is read once for each."""
    try:
        content = tomllib.loads(read_regular(path, _MAX_BYTES).decode("utf-8"))
    except (OSError, ValueError, RecursionError) as error:  # also what is no TOML or no UTF-8
        reason = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
        return Settings({}, shared, (f"{FILE} cannot be read, so all settings have their defaults: {reason}.",))
    return _checked(content, shared)


def create(home: Path) -> None:
    """Writes the file with all defaults as comments, if it is missing. Raises `RunError` where that is not allowed."""
    if not (home / FILE).exists():
        write_atomic(home / FILE, to_text({}).encode())


def change(home: Path, values: Mapping[str, Any]) -> None:
    """Sets settings and keeps all others; None sets one back to its default.

    Raises `DigitLabError` for a value that is not allowed. A file that cannot be read is kept as server.toml.old.
    """
    for name, value in values.items():
        if value is not None:
            try:
                SETTINGS[name].check(value)
            except ValueError as error:
                raise DigitLabError(f"“{SETTINGS[name].label}” must be {error}.", value) from error
    with exclusive(folder(home) / ".settings.lock"):
        before = read(home, shared=False)
        if before.problems:
            with suppress(OSError):
                (home / FILE).replace(home / f"{FILE}.old")
        chosen = {name: value for name, value in {**before.chosen, **values}.items() if value is not None}
        write_atomic(home / FILE, to_text(chosen).encode())


def to_text(chosen: Mapping[str, Any]) -> str:
    """The content of the file."""
    parts = [_HEAD]
    for section, (about, settings) in SECTIONS.items():
        parts.append(f"\n[{section}]\n{_lines(about)}\n")
        for setting in settings:
            parts.append(f"\n{_comment(setting)}\n{_line(setting, chosen)}\n")
    return "".join(parts)


def _comment(setting: Setting) -> str:
    allowed = f" Allowed: {', '.join(setting.choices)}." if setting.choices else ""
    differs = setting.alone != setting.shared
    default = (
        f" Default: {_toml(setting.shared)}, or {_toml(setting.alone)} where only this machine can open the pages."
        if differs
        else ""
    )
    return _lines(f"{setting.about}{allowed}{default}")


def _lines(comment: str) -> str:
    return textwrap.fill(comment, 118, initial_indent="# ", subsequent_indent="# ")


def _line(setting: Setting, chosen: Mapping[str, Any]) -> str:
    if setting.name in chosen:
        return f"{setting.name} = {_toml(chosen[setting.name])}"
    return f"# {setting.name} = {_toml(setting.shared)}"


def _toml(value: Any) -> str:
    """A value as TOML, which writes these kinds as JSON does."""
    return json.dumps(list(value) if isinstance(value, tuple) else value, ensure_ascii=False)


def _checked(content: Mapping[str, Any], shared: bool) -> Settings:
    chosen, problems = {}, []
    for section, values in content.items():
        if section not in SECTIONS or not isinstance(values, dict):
            problems.append(f"{FILE}: there is no section [{section[:40]}]. Sections are {', '.join(SECTIONS)}.")
            continue
        known = {setting.name: setting for setting in SECTIONS[section][1]}
        for name, value in values.items():
            if name not in known:
                problems.append(f"{FILE}: [{section}] has no setting “{name[:40]}”. Check its spelling.")
                continue
            try:
                chosen[name] = known[name].check(value)
            except ValueError as error:
                problems.append(f"{FILE}: {name} must be {error}. Until then it has its default.")
    return Settings(chosen, shared, tuple(problems))

"""The teacher's key, and the browsers that were unlocked with it.

classroom/teacher.json   salt and hash of the key, and the ids of the unlocked browsers

The key has 80 random bits, so nobody can guess it, and a fast hash is enough. It is printed once and never saved.
"""

import hashlib
import hmac
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Any

from core.classroom.folder import folder
from core.errors import DigitLabError
from core.files import exclusive, read_json, write_json
from core.program import new_key_advice

MAX_BROWSERS = 50  # that one key has unlocked; newer ones replace the oldest
_FILE = "teacher.json"
_SIGNS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # 32, without 0, 1, I and O, which look alike
_LENGTH, _GROUP = 16, 4


def first_key(home: Path) -> str:
    """A new key if the home has none yet; empty if it has one. The caller prints it."""
    with exclusive(folder(home) / ".teacher.lock"):
        return "" if _facts(home) else _new_key(home)


def replace_key(home: Path) -> str:
    """A new key for a lost one. The old one and all unlocked browsers lose the role."""
    with exclusive(folder(home) / ".teacher.lock"):
        return _new_key(home)


def unlock(home: Path, visitor_id: str, key: str) -> None:
    """Gives the role to the browser of `visitor_id`. Raises `DigitLabError` for a wrong key."""
    with exclusive(folder(home) / ".teacher.lock"):
        facts = _facts(home)
        if not facts:
            raise DigitLabError("This server has no teacher's key yet. Restart it: it then prints one in its terminal.")
        if not hmac.compare_digest(_hash(facts["salt"], key).encode(), facts["hash"].encode()):
            raise DigitLabError(
                "This is not the teacher's key. The server printed it in its terminal at the first start. "
                f"If it is lost, {new_key_advice()}"
            )
        others = [browser for browser in facts["browsers"] if browser != visitor_id]
        write_json(folder(home) / _FILE, {**facts, "browsers": [*others, visitor_id][-MAX_BROWSERS:]})


def lock(home: Path, visitor_id: str) -> None:
    """Takes the role from a browser again."""
    with exclusive(folder(home) / ".teacher.lock"):
        if facts := _facts(home):
            others = [browser for browser in facts["browsers"] if browser != visitor_id]
            write_json(folder(home) / _FILE, {**facts, "browsers": others})


def is_unlocked(home: Path, visitor_id: str) -> bool:
    """Whether this browser was unlocked with the present key."""
    return visitor_id in _facts(home).get("browsers", ())


def _new_key(home: Path) -> str:
    signs = "".join(secrets.choice(_SIGNS) for _ in range(_LENGTH))
    salt = secrets.token_hex(16)
    write_json(folder(home) / _FILE, {"salt": salt, "hash": _hash(salt, signs), "browsers": []})
    return "-".join(signs[start : start + _GROUP] for start in range(0, _LENGTH, _GROUP))


def _hash(salt: str, key: str) -> str:
    """Upper and lower case, spaces and hyphens do not matter."""
    signs = "".join(sign for sign in key[:200].upper() if sign in _SIGNS)
    return hashlib.sha256(f"{salt} {signs}".encode()).hexdigest()


def _facts(home: Path) -> dict[str, Any]:
    """The content of the file; empty if it is missing or damaged."""
    saved = read_json(home / "classroom" / _FILE)
    with suppress(KeyError, TypeError):
        texts = {name: saved[name] for name in ("salt", "hash")}
        if all(isinstance(text, str) for text in texts.values()):
            return {**texts, "browsers": [browser for browser in saved["browsers"] if isinstance(browser, str)]}
    return {}

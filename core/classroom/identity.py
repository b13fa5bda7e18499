"""The id of a visitor, from the secret in their browser's cookie or from their login.

classroom/secret   32 random bytes of this server

The id is written into runs, and everybody who gets a run folder can read it there. It is computed with the server's
secret, so nobody can search for a cookie that gives the id of somebody else.
"""

import hashlib
import hmac
import secrets
from contextlib import suppress
from pathlib import Path

from core.classroom.folder import folder
from core.errors import RunError
from core.files import exclusive, read_regular, write_atomic

_FILE, _MIN_BYTES, _MAX_BYTES = "secret", 32, 64
_DIGITS = 12  # of an id
_secrets: dict[Path, bytes] = {}  # home → its secret, for as long as the server runs


def visitor_id(home: Path, secret: bytes) -> str:
    """Twelve hexadecimal digits. `secret`: what only this visitor has."""
    return hmac.new(_server_secret(home), secret, hashlib.sha256).hexdigest()[:_DIGITS]


def earlier_id(secret: bytes) -> str:
    """The id of the same visitor in earlier versions, which used no secret of the server."""
    return hashlib.sha256(secret).hexdigest()[:_DIGITS]


def _server_secret(home: Path) -> bytes:
    if home not in _secrets:
        _secrets[home] = secrets.token_bytes(_MIN_BYTES)  # if the disk takes none, it lasts until the next start
        with suppress(RunError, OSError), exclusive(folder(home) / ".secret.lock"):
            saved = _saved(home)
            if saved is None:
                write_atomic(folder(home) / _FILE, _secrets[home])
            else:
                _secrets[home] = saved
    return _secrets[home]


def _saved(home: Path) -> bytes | None:
    try:
        saved = read_regular(folder(home) / _FILE, _MAX_BYTES)
    except OSError:
        return None
    return saved if len(saved) >= _MIN_BYTES else None

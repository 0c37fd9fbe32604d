"""What databases complain about, in words for people."""

import os
from pathlib import Path

from sqlalchemy import make_url
from sqlalchemy.exc import DBAPIError, IntegrityError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as NoConnectionFree

from resources.database.plain import BUSY_TIMEOUT_S
from resources.errors import BadInput, Denied, NotFound, TrainplatError, Unavailable

VARIABLE = "TRAINPLAT_DATABASE_URL"

_FULL = ("disk is full", "disk I/O error", "No space left on device")
"""SQLite says "I/O error" where the full disk has no room for its shared memory file either."""
_BUSY = ("database is locked", "lock timeout", "database table is locked")
_UNWRITABLE = ("unable to open database file", "readonly database")
_PASSWORD = ("password authentication failed", "no password supplied", "no pg_hba.conf entry", 'role "')
_UNREACHABLE = (
    *(
        "could not connect",
        "Connection refused",
        "No such file or directory",
        "could not translate host name",
    ),
    *("timeout expired", "No route to host", "Network is unreachable", "the database system is"),
)
_BROKEN_OFF = (
    *("server closed the connection", "terminating connection", "connection already closed"),
    *("SSL connection has been closed", "could not receive data from server", "Connection reset by peer"),
)


def in_words(problem: SQLAlchemyError, url: str) -> TrainplatError | None:
    """``problem`` as an error that says what to do next; None for one that nobody can foresee."""
    if isinstance(problem, IntegrityError):
        return None  # it quotes what people wrote, which may sound like anything
    told = str(problem.orig).strip() if isinstance(problem, DBAPIError) else str(problem)
    reason = told.splitlines()[0] if told else type(problem).__name__
    if _any(_FULL, told):
        return Unavailable(
            f"nothing changed in the database, its disk is full or fails: {reason}",
            "Free some space there, then run the same thing again.",
        )
    if _any(_BUSY, told) or isinstance(problem, NoConnectionFree):
        return Unavailable(
            f"nothing changed in the database, which was busy for {BUSY_TIMEOUT_S:.0f} s",
            "Run the same thing again; if it stays so, see `trainplat doctor`.",
        )
    if _any(_UNWRITABLE, told) and _is_read_only(url):
        return Unavailable(
            f"nothing changed in the database {_place(url)}: its disk is read-only",
            "Mount it for writing (mount -o remount,rw), then run the same thing again. See dmesg for why.",
        )
    if "readonly database" in told:
        return Denied(
            f"nothing changed in the database {_place(url)}: this user may not write it",
            "Run it as the owner of the home, or make the file and its folder writable for this user.",
        )
    if "unable to open database file" in told:
        return Unavailable(
            f"the database {_place(url)} cannot be opened: {reason}",
            f"See that its folder exists, that this user can write there, and that {VARIABLE} is right.",
        )
    return None if url.startswith("sqlite") else _of_the_server(told, reason, _place(url))


def _of_the_server(told: str, reason: str, place: str) -> TrainplatError | None:
    if "database " in told and "does not exist" in told:
        return NotFound(
            f"the server has no database of that name: {place}",
            f"Create it there (createdb), or mend the name in {VARIABLE}.",
        )
    if _any(_PASSWORD, told):
        return Denied(
            f"the database {place} lets this user not in: {reason}",
            f"Mend the user and the password in {VARIABLE}, or the server's pg_hba.conf.",
        )
    if "value too long" in told or "index row size" in told:
        return BadInput(
            f"nothing changed in the database, a value is longer than its column can hold: {reason}",
            "Shorten the longest name, path or text that was given, then run the same thing again.",
        )
    if "permission denied" in told:
        return Denied(
            f"the user of the database {place} may not do this: {reason}",
            "Make it the owner of the database: ALTER DATABASE … OWNER TO …",
        )
    if "too many clients" in told or "remaining connection slots" in told:
        return Unavailable(
            f"the database {place} takes no more connections: {reason}",
            "Raise max_connections of the server, or run fewer processes against it.",
        )
    if _any(_BROKEN_OFF, told):
        return Unavailable(
            f"the database {place} broke the connection off: {reason}",
            "What was not finished was taken back. Run the same thing again once the server is up.",
        )
    if _any(_UNREACHABLE, told):
        return Unavailable(
            f"the database {place} does not answer: {reason}",
            f"Start the server, or mend host and port in {VARIABLE}.",
        )
    return None


def _any(signs: tuple[str, ...], told: str) -> bool:
    return any(sign in told for sign in signs)


def _is_read_only(url: str) -> bool:
    """Whether a file lies on a disk that nobody can write to."""
    try:
        return bool(os.statvfs(Path(_place(url)).parent).f_flag & os.ST_RDONLY)
    except OSError:
        return False


def _place(url: str) -> str:
    """Which database, without its password."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return parsed.database or "in memory"
    host = parsed.host or parsed.query.get("host") or "on this machine"
    return f"{parsed.database or ''} at {host}{f':{parsed.port}' if parsed.port else ''}".strip()

"""Patterns of paths, as people know them from git.

``*`` and ``?`` stand for anything but ``/``, ``**`` for folders too, ``[a-z]`` and ``[!a-z]`` for one
character. A pattern without a ``/`` means a name in any folder; with one it begins at the top of the tree. A
pattern that means a folder means all that lies in it.
"""

import re
from functools import lru_cache

from resources.errors import BadInput

_PIECE = re.compile(r"\*\*/|\*+|\?|\[!?\]?[^\]/]*\]|.", re.DOTALL)


def matches(glob: str, path: str) -> bool:
    """Whether a path is meant. Raises :class:`BadInput` for a pattern that is empty or has a wrong range."""
    return _compiled(glob).fullmatch(path) is not None


@lru_cache(maxsize=512)
def _compiled(glob: str) -> re.Pattern[str]:
    wanted = glob.strip("/")
    if not wanted:
        raise _wrong(glob, "it names nothing")
    anywhere = "" if "/" in glob.rstrip("/") else "(?:.*/)?"
    body = "".join(_translated(piece) for piece in _PIECE.findall(wanted))
    try:
        return re.compile(f"{anywhere}{body}(?:/.*)?", re.DOTALL)
    except re.error as error:
        raise _wrong(glob, str(error)) from error


def _translated(piece: str) -> str:
    if piece == "**/":
        return "(?:.*/)?"
    if piece.startswith("**"):
        return ".*"
    if piece == "*":
        return "[^/]*"
    if piece == "?":
        return "[^/]"
    if len(piece) > 2:
        negated = piece[1] == "!"
        inner = re.sub(r"([\\\[\]&~|^])", r"\\\1", piece[2 if negated else 1 : -1]).replace("--", "-\\-")
        return f"[^/{inner}]" if negated else f"[{inner}]"
    return re.escape(piece)


def _wrong(glob: str, why: str) -> BadInput:
    return BadInput(
        f"the pattern {glob!r} cannot be used: {why}",
        "Write it like labels/*.csv, images/** or *.jsonl.",
    )

"""Asking the tools that vendors bring with their drivers."""

import json
import math
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from resources.errors import Unavailable

TIMEOUT_S = 20.0
"""A tool that hangs, as on a card that is ill, is given up after this."""
FRESH_S = 20.0
"""How long an answer about what does not change by itself is good for: asking takes about a second, and the
arbiter asks every few seconds."""

_KEPT: dict[tuple[str, ...], tuple[float, str]] = {}


def find_tool(name: str, *folders: str) -> str | None:
    """The path of a tool: on PATH, else in one of the ``folders`` that its vendor installs it in."""
    found = shutil.which(name)
    if found is not None:
        return found
    places = (Path(folder) / name for folder in folders)
    return next((str(place) for place in places if place.is_file()), None)


def ask(*command: str, fresh_s: float = 0.0) -> str:
    """What a tool prints. With ``fresh_s``, an answer that is no older will do.

    Raises :class:`Unavailable` where it fails, or does not end in time.
    """
    kept = _KEPT.get(command)
    if kept is not None and time.monotonic() - kept[0] < fresh_s:
        return kept[1]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, errors="replace", timeout=TIMEOUT_S, check=False
        )
    except subprocess.TimeoutExpired as problem:
        raise _unavailable(command, f"it has not ended after {TIMEOUT_S:g} s") from problem
    except OSError as problem:
        raise _unavailable(command, str(problem)) from problem
    if done.returncode != 0:
        said = (done.stderr.strip() or done.stdout.strip() or "nothing").splitlines()[-1]
        raise _unavailable(command, f"it ends with {done.returncode} and says {said!r}")
    _KEPT[command] = (time.monotonic(), done.stdout)
    return done.stdout


def ask_json(*command: str, fresh_s: float = 0.0) -> Any:
    """The JSON that a tool prints, after whatever warnings it prints first. Raises as :func:`ask` does."""
    said = ask(*command, fresh_s=fresh_s)
    for start in _beginnings(said):
        try:
            return json.loads(said[start:])
        except ValueError:
            continue
    raise _unavailable(command, f"it prints no JSON: {said.strip()[:80]!r}")


def ask_json_if_told(*command: str, fresh_s: float = 0.0) -> Any:
    """The same; an empty list where the tool fails: for what not every release or card tells."""
    try:
        return ask_json(*command, fresh_s=fresh_s)
    except Unavailable:
        return []


def version_of(*command: str) -> str:
    """What a tool says of its version, on one line; nothing where it fails."""
    try:
        return " ".join(ask(*command, fresh_s=FRESH_S).split())
    except Unavailable:
        return ""


def number(told: Any) -> float | None:
    """A number as the tools write it: ``12``, ``"12.5"``, ``{"value": 12, "unit": "W"}``; None for N/A."""
    if isinstance(told, dict):
        told = told.get("value")
    if isinstance(told, bool) or not isinstance(told, int | float | str):
        return None
    try:
        found = float(told)
    except ValueError:
        return None
    return found if math.isfinite(found) else None


def whole(told: Any) -> int | None:
    """The same, without what is behind the point."""
    found = number(told)
    return None if found is None else int(found)


def _beginnings(said: str) -> Iterator[int]:
    at = 0
    for line in said.splitlines(keepends=True):
        if line.lstrip().startswith(("{", "[")):
            yield at
        at += len(line)


def _unavailable(command: tuple[str, ...], why: str) -> Unavailable:
    shown = " ".join((Path(command[0]).name, *command[1:]))
    return Unavailable(
        f"`{shown}` does not tell the accelerators of this machine: {why}",
        "Run it yourself and mend what it says, or set TRAINPLAT_ACCELERATOR to cpu. "
        "No run is started meanwhile.",
    )

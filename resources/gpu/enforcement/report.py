"""What the watch saw last: a file in the home, for pages and commands. A display, and no store."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from resources.gpu.enforcement.model import Action, Finding
from resources.gpu.model import RunId
from resources.gpu.policy.reason import Reason
from resources.home import Home


@dataclass(frozen=True)
class Noted:
    """One thing that was too much at the last look."""

    run_id: RunId | None
    """None for a process of no run."""
    reason: Reason


@dataclass(frozen=True)
class Report:
    """The last look."""

    at: datetime
    noted: tuple[Noted, ...]


def write_report(home: Home, at: datetime, findings: Sequence[Finding]) -> None:
    """Keep what is too much now. A file that cannot be written is told as OSError."""
    noted = [
        {"run": one.run_id, "reason": one.reason.to_json()}
        for one in findings
        if one.rule != "U1" and one.action is not Action.NOTE
    ]
    file = _file(home)
    file.parent.mkdir(parents=True, exist_ok=True)
    fresh = file.with_suffix(".new")
    fresh.write_text(json.dumps({"at": at.isoformat(), "noted": noted}))
    fresh.replace(file)


def read_report(home: Home) -> Report | None:
    """The last look; None where nobody has looked yet, or nothing can be read."""
    try:
        told = json.loads(_file(home).read_text())
        noted = tuple(Noted(one["run"], Reason.from_json(one["reason"])) for one in told["noted"])
        return Report(datetime.fromisoformat(told["at"]), noted)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _file(home: Home) -> Path:
    return home.run / "watch.json"

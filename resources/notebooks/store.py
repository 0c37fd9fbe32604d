"""The notebooks that run, one file each in ``run/notebooks``, readable by their user only."""

import json
import os
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

from resources.gpu.model import Owner, RunId
from resources.home import Home
from resources.notebooks.model import Notebook
from resources.process import ProcessIdentity


def write(home: Home, notebook: Notebook) -> None:
    """Keep what is known of a notebook; a kill leaves the whole file, or none."""
    path = _path(home, notebook.id)
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(f".{os.getpid()}.tmp")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(asdict(notebook), file, default=datetime.isoformat, indent=2)
    draft.replace(path)


def read(home: Home) -> list[Notebook]:
    """The notebooks whose server lives, the oldest first; the files of the others are removed."""
    found = []
    for path in sorted(_path(home, RunId("x")).parent.glob("*.json")):
        try:
            notebook = _notebook(json.loads(path.read_text()))
        except FileNotFoundError:
            continue  # it has ended between our two looks
        if notebook.server.is_alive():
            found.append(notebook)
        else:
            path.unlink(missing_ok=True)
    return sorted(found, key=lambda one: one.opened_at)


def forget(home: Home, notebook_id: RunId) -> None:
    """Keep nothing of a notebook any more."""
    _path(home, notebook_id).unlink(missing_ok=True)


def _path(home: Home, notebook_id: RunId) -> Path:
    return home.run / "notebooks" / f"{notebook_id}.json"


def _notebook(stored: dict[str, object]) -> Notebook:
    values: dict[str, object] = stored | {
        "owner": Owner(**stored["owner"]),  # type: ignore[arg-type]
        "devices": tuple(stored["devices"]),  # type: ignore[arg-type]
        "server": ProcessIdentity(**stored["server"]),  # type: ignore[arg-type]
        **{key: datetime.fromisoformat(str(stored[key])) for key in ("opened_at", "until")},
    }
    return Notebook(**values)  # type: ignore[arg-type]

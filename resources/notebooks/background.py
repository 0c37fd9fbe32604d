"""A notebook without a terminal: the process that keeps it, started by who shows the notebooks.

Started as ``python -m resources.notebooks.background WANTED``, with what is wanted as JSON. Its log lies in
``logs/notebooks.log`` of the home.
"""

import json
import os
import signal
import subprocess
import sys
from dataclasses import asdict
from typing import NoReturn

from resources.errors import TrainplatError
from resources.gpu.environment import without_lease
from resources.gpu.model import Owner
from resources.gpu.service import GpuService
from resources.gpu.terms import terms_from_json, terms_to_json
from resources.home import Home
from resources.notebooks.model import Wanted
from resources.notebooks.service import NotebookService, Told


def begin(home: Home, wanted: Wanted) -> "subprocess.Popen[bytes]":
    """Start a process that keeps a notebook. It carries the mark of its starter, and stops with the stack.

    Raises as ``GpuService.submit`` does for a request that would be refused; nothing is started then.
    """
    GpuService(home.database()).simulate(wanted.request, owner=wanted.owner, terms=wanted.terms)
    log = home.logs / "notebooks.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    told = json.dumps(asdict(wanted) | {"terms": terms_to_json(wanted.terms)})
    with log.open("ab") as output:
        return subprocess.Popen(
            [sys.executable, "-m", "resources.notebooks.background", told],
            env=without_lease(os.environ),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def main(told: str) -> None:
    """Keep the notebook."""
    signal.signal(signal.SIGTERM, _end)
    home, values = Home.from_environment(), json.loads(told)
    wanted = Wanted(**values | {"owner": Owner(**values["owner"]), "terms": terms_from_json(values["terms"])})
    try:
        reason = NotebookService(home, GpuService(home.database())).keep(
            wanted, Told(_say, lambda one: _say(f"opened {one.id} for {one.owner.user}"))
        )
    except TrainplatError as problem:
        _say(str(problem))
        sys.exit(int(problem.exit_code))
    _say(f"closed: {reason}")


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201


def _end(number: int, _frame: object) -> NoReturn:
    sys.exit(128 + number)


if __name__ == "__main__":
    main(sys.argv[1])

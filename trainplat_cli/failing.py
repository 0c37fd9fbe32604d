"""What a run that was started here ended with, as an error of ours."""

import json
import os
import subprocess
import sys
from pathlib import Path

from resources.errors import BadInput, Conflict, Denied, NotFound, TrainplatError, Unavailable
from resources.home import HOME_VARIABLE, Home
from trainplat_cli.texts import _

PROGRAM = "trainplat_assets.why_program"
KINDS: dict[int, type[TrainplatError]] = {
    int(kind.exit_code): kind for kind in (BadInput, Conflict, Denied, NotFound, Unavailable)
}


def failure_of(home: Home, job: str, what: str, log: Path) -> TrainplatError:
    """``what`` failed: with the sentence of the step that did, where it has one for people."""
    done = subprocess.run(
        [sys.executable, "-m", PROGRAM, job],
        env={**os.environ, HOME_VARIABLE: str(home.path), "DAGSTER_HOME": str(home.dagster)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        check=False,
    )
    again = _(
        "Its log says why: {path}. Mend that, then run the same thing again: it goes on where it was."
    ).format(path=log)
    try:
        told = json.loads(done.stdout.strip().splitlines()[-1])
        return KINDS[told["code"]](f"{what}: {told['problem']}", told["next"] or again)
    except (ValueError, IndexError, KeyError):
        return Unavailable(what, again)

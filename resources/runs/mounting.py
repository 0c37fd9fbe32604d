"""Mount points of a run of the queue: checked at submission, given to its process, cleaned up after it."""

import logging
import os
import sys
from collections.abc import Callable

from dagster import DagsterRun

from resources.data.mounts.model import ASKED_VARIABLE, TAG, names_of
from resources.errors import TrainplatError
from resources.home import Home
from resources.terms import Actor


def refuse_unmountable(run: DagsterRun) -> None:
    """Raise MountRefused or BadInput, with all reasons, where a run could not be given what it asks for."""
    if TAG not in run.tags:
        return
    from resources.data.mounts.service import MountService

    home = Home.from_environment()
    MountService(home, home.database()).refuse_unusable(names_of(run.tags[TAG]))


def mounts_environment(run: DagsterRun) -> dict[str, str]:
    """What the process of a run has to know of its mount points."""
    return {ASKED_VARIABLE: run.tags[TAG]} if TAG in run.tags else {}


def with_mounts(run_id: str, execute: Callable[[], None], refused: Callable[[str], None]) -> None:
    """Execute with the mount points that the environment asks for; what is kept stays where it ends well.

    ``execute`` ends by SystemExit. ``refused`` is told why the run cannot have what it asks for.
    """
    asked = os.environ.get(ASKED_VARIABLE, "")
    if not asked:
        execute()
        return
    from resources.data.mounts.service import MountService

    home, begun, code = Home.from_environment(), False, None
    try:
        with MountService(home, home.database()).given(names_of(asked), run_id):
            begun = True
            try:
                execute()
            except SystemExit as end:
                code = end.code
                if code:
                    raise
    except TrainplatError as problem:
        refused(f"Its mount points could not be {'kept' if begun else 'given'}: {problem}")
        code = 1
    sys.exit(code)


def sweep_mounts(actor: Actor) -> int:
    """Clean up after runs whose process died; how many folders that were."""
    from resources.data.mounts.service import MountService

    home = Home.from_environment()
    try:
        return len(MountService(home, home.database()).sweep(actor))
    except TrainplatError:
        logging.getLogger(__name__).warning("mounts are cleaned up by the next pass", exc_info=True)
        return 0

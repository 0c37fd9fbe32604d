"""Waiting for the round that a sensor requests, and telling how it goes."""

import time
from collections.abc import Callable

from resources.errors import TrainplatError, Unavailable
from resources.terms import DatasetName, VersionKey
from trainplat_cli.demo.dagster_page import DagsterPage
from trainplat_cli.demo.model import RunState, RunView
from trainplat_cli.texts import _

LOOK_PAUSE_S = 1.0
REQUESTED_WITHIN_S = 90.0
"""The sensor looks every 10 s; on a busy machine a tick takes a while."""
OVER = (RunState.DONE, RunState.FAILED, RunState.CANCELED)

Say = Callable[[str], None]


def wait_for_run(page: DagsterPage, dataset: DatasetName, version: VersionKey) -> RunView:
    """The run of the version's round. Raises :class:`Unavailable` where none is requested in time."""
    deadline_s = time.monotonic() + REQUESTED_WITHIN_S
    while time.monotonic() < deadline_s:
        found = page.newest_round(dataset, version)
        if found is not None:
            return found
        time.sleep(LOOK_PAUSE_S)
    raise Unavailable(
        _("the round of {version} is planned, and {sensor} has not requested it for {count} s").format(
            version=version, sensor=f"{dataset}_annotations", count=int(REQUESTED_WITHIN_S)
        ),
        _("Open {address}/automation and see what that sensor says, and whether it is on.").format(
            address=page.address
        ),
    )


def follow(page: DagsterPage, dataset: DatasetName, run: RunView, say: Say) -> None:
    """Tell what the run says until it ends. Raises TrainplatError where it ends badly."""
    after: str | None = None
    reason = ""
    while True:
        now = page.newest_round(dataset, run.version) or run
        lines, after = page.said(run.run_id, after)
        for line in lines:
            say(line)
        if now.state is RunState.WAITING and now.reason != reason:
            reason = now.reason
            say(_("Waits for its devices. {reason}").format(reason=reason))
        if now.state in OVER and not lines:
            break
        time.sleep(LOOK_PAUSE_S)
    if now.state is RunState.DONE:
        return
    why = page.failure(run.run_id) if now.state is RunState.FAILED else _("somebody cancelled it")
    raise TrainplatError(
        _("the round of {version} {state}: {why}").format(
            version=run.version, state=now.state.shown(), why=why
        ),
        _("See {address}. A round that failed is tried again by itself.").format(
            address=page.run_address(run.run_id)
        ),
    )

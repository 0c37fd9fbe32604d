"""What runs wrote for buckets: set aside before it is sent, so that whatever ends a process loses nothing."""

import logging
import os
import shlex
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from resources.data.mounts.bucket import Bucket, Stamps
from resources.data.mounts.model import Grant
from resources.errors import TrainplatError, Unavailable
from resources.files import sync_file

_LOG = logging.getLogger(__name__)
PREFIX = "trainplat-"
"""What the names of folders begin with that were made for a run and go with it."""


@dataclass(frozen=True)
class Written:
    """What a run may have written to a mount point in a bucket."""

    grant: Grant
    bucket: Bucket
    before: Stamps
    """What it was given."""


def send_back(written: Sequence[Written]) -> None:
    """Send what a run wrote, each to its bucket; a folder goes once all of it is there.

    Each is set aside before the first is sent. One that fails keeps no other from being sent. Raises
    Unavailable, which says where what was not sent lies.
    """
    for one in written:
        one.grant.path.rename(aside_of(one.grant))
        sync_file(one.grant.path.parent)  # else a power cut would give it the name back that is swept
    left, problems = list(written), list[tuple[Written, Exception]]()
    try:
        for one in written:
            try:
                one.bucket.take_back(aside_of(one.grant), one.before)
            except (TrainplatError, OSError) as problem:
                problems.append((one, problem))
                continue
            left.remove(one)
            shutil.rmtree(aside_of(one.grant), ignore_errors=True)
    except BaseException:  # the run is cancelled, say
        for one in left:
            _LOG.warning("%s. Next: %s", _told(one.grant), _next_step(one))
        raise
    if problems:
        raise Unavailable(
            "; ".join(f"{_told(one.grant)}: {_words(problem)}" for one, problem in problems),
            " ".join(_next_step(one) for one, _ in problems),
        ) from problems[0][1]


def aside_of(grant: Grant) -> Path:
    """Where what a run wrote lies from when it is sent until it is there: nobody sweeps it."""
    return grant.path.with_name(f"unsent-{grant.path.name.removeprefix(PREFIX)}")


def told_if_left(grant: Grant) -> str | None:
    """What is to be said of the folder of a run that died while it sent it; None where there is none."""
    return _told(grant) if grant.is_ours and aside_of(grant).is_dir() else None


def _told(grant: Grant) -> str:
    return (
        f"what run {grant.run_id} wrote to mount point {grant.mount} was not all sent to {grant.provider}; "
        f"it lies in {aside_of(grant)}"
    )


def _words(problem: Exception) -> str:
    return problem.problem if isinstance(problem, TrainplatError) else str(problem)


def _next_step(one: Written) -> str:
    folder, remote = aside_of(one.grant), one.bucket.remote
    options = {
        "--endpoint-url": remote.endpoint or os.environ.get("AWS_ENDPOINT_URL"),
        "--profile": remote.profile,
    }
    command = ["aws", *(part for name, value in options.items() if value for part in (name, value))]
    copy = shlex.join([*command, "s3", "cp", "--recursive", str(folder), remote.url])
    return f"Copy it there: {copy}; then remove the folder."

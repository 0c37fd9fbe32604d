"""Pushes to a bucket of S3 that are killed, at any request."""

import os
import sys
from functools import cache
from pathlib import Path
from typing import Any

from resources.data.places.service import PlaceService
from resources.data.versions.leftovers import clear
from resources.home import Home
from tests.resources.data.auditor import Audit
from tests.resources.data.folders import write
from tests.resources.data.kills.killing import REQUEST
from tests.resources.data.kills.kind import ANN, PICTURES, Kind, beside, service, wanted
from tests.resources.data.kills.pushes import BACKUP, audit_contents, check_push
from tests.servers.s3 import Bucket

BUCKET = "kills"
FIRST = {f"{number}": b"%d" % number for number in range(4)}
SECOND = FIRST | {"1": b"changed", "new": b"new" * 100_000}


def _prepare(home: Path) -> None:
    bucket = _bucket()
    bucket.make()
    data, places = service(home), _places(home)
    data.commit(wanted(write(beside(home, "folder"), FIRST)))
    places.add(BACKUP, f"{bucket.url}/{_prefix(home)}", ANN)
    places.push(PICTURES, None, BACKUP, ANN)
    data.commit(wanted(write(beside(home, "folder"), SECOND)))


def _push(home: Path) -> str:
    _tell_requests()
    data = service(home)
    _places(home).push(PICTURES, None, BACKUP, ANN)
    clear(data.database, data.objects, data.clock())  # as whoever begins next does
    return "pushed"


def _check(home: Path, done: str | None) -> Audit:
    there = audit_bucket(_bucket(), f"{_prefix(home)}/")
    return check_push(home, done, _places(home), there, (FIRST, SECOND))


def audit_bucket(bucket: Bucket, prefix: str = "") -> set[str]:
    """The objects of a remote in a bucket; fails where one is wrong, or a tree lacks one."""
    contents = {
        key.removeprefix(f"{prefix}files/md5/").replace("/", ""): content
        for key, content in bucket.contents(prefix).items()
    }
    return audit_contents(contents)


@cache
def _tell_requests() -> None:
    """Let what a process does to S3 be seen as what it does to the disk is: begun, half sent, answered."""
    import aiohttp
    from aiobotocore.httpsession import AIOHTTPSession  # type: ignore[import-untyped]

    real_send, real_write = AIOHTTPSession.send, aiohttp.ClientRequest.send

    async def send(self: Any, request: Any) -> Any:
        sys.audit(f"{REQUEST} {request.method} begun")
        answer = await real_send(self, request)
        sys.audit(f"{REQUEST} {request.method} answered")
        return answer

    async def write(self: Any, connection: Any) -> Any:
        begun = await real_write(self, connection)
        sys.audit(f"{REQUEST} {self.method} half sent")
        return begun

    AIOHTTPSession.send, aiohttp.ClientRequest.send = send, write  # type: ignore[assignment,method-assign]


def _bucket() -> Bucket:
    return Bucket(BUCKET, os.environ["AWS_ENDPOINT_URL"])


def _prefix(home: Path) -> str:
    return str(home).strip("/")


def _places(home: Path) -> PlaceService:
    return PlaceService(Home(home), Home(home).database())


PUSH_TO_S3 = Kind(
    "push to S3",
    _prepare,
    _push,
    lambda _: ["data", "push", PICTURES, "--remote", BACKUP],
    _check,
    at=REQUEST,
    servers=("bucket",),
)

"""The receiver of Label Studio's web hooks: it puts hints into the inbox and does nothing else.

Run it with ``python -m resources.labeling.webhook --host 127.0.0.1 --port 8090``.
"""

import argparse
import hmac
import json
import time
from collections.abc import Sequence
from typing import Any

from sqlalchemy.exc import OperationalError
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from resources.errors import Unavailable
from resources.home import Home, read_or_make_secrets
from resources.labeling.label_studio.project import HOOK_PATH, SECRET_HEADER
from resources.labeling.label_studio.values import ProjectId, TaskId
from resources.labeling.service import LabelingService

MAX_BODY_BYTES = 1 << 20
"""A hook about one annotation has some 5 kB, one about 1,000 deleted tasks some 20 kB."""

REFUSAL_NOTE_EVERY_S = 60.0
"""How often one sender's refusals reach the audit: a flood of them must not fill the disk."""

MAX_SENDERS = 1000

MOST_TASKS = 1 << 63
"""What a database can count to; nothing larger may reach the inbox, where each poll would stumble over it."""

ONLY_OURS = "Nothing was done. Let only the web hook that trainplat registers point here."


class BadHook(Exception):
    """A web hook that cannot be used: the status to answer with, what is wrong, what to do."""

    def __init__(self, status: int, error: str, next_step: str) -> None:
        super().__init__(status, error, next_step)
        self.status = status
        self.error = error
        self.next_step = next_step


class Receiver:
    """Takes web hooks in and says no in words."""

    def __init__(self, service: LabelingService, secret: str) -> None:
        self._service = service
        self._secret = secret
        self._noted: dict[str, float] = {}

    async def receive(self, request: Request) -> JSONResponse:
        """Answer one web hook: 202 when it is in the inbox."""
        try:
            await self._check_secret(request)
            project, action, tasks = _parse(await _body(request))
            refusal = await run_in_threadpool(self._service.take_hint, project, action, tasks)
            if refusal is not None:
                raise BadHook(422, refusal, ONLY_OURS)
        except BadHook as bad:
            return JSONResponse({"error": bad.error, "next_step": bad.next_step}, bad.status)
        except (OperationalError, Unavailable):
            error = "the database is busy: the hint was dropped; the next poll finds what it told"
            return JSONResponse({"error": error, "next_step": "Nothing has to be done."}, 503)
        return JSONResponse({"accepted": action}, 202)

    async def _check_secret(self, request: Request) -> None:
        given = request.headers.get(SECRET_HEADER)
        if given is not None and hmac.compare_digest(given.encode(), self._secret.encode()):
            return
        reason = f"a web hook with {'a wrong' if given is not None else 'no'} secret in {SECRET_HEADER}"
        sender = request.client.host if request.client else "unknown"
        now = time.monotonic()
        if now - self._noted.get(sender, -REFUSAL_NOTE_EVERY_S) >= REFUSAL_NOTE_EVERY_S:
            if len(self._noted) >= MAX_SENDERS:
                self._noted.clear()
            self._noted[sender] = now
            await run_in_threadpool(self._service.note_refusal, reason, sender)
        raise BadHook(
            401,
            f"{reason} was refused",
            "Materialize label_tasks again: it registers the hook with the secret of this home.",
        )


def create_app(service: LabelingService | None = None) -> Starlette:
    """The receiver over ``service``; without one, over the home that the environment names."""
    if service is None:
        home = Home.from_environment()
        service = LabelingService(home, home.database())
    receiver = Receiver(service, read_or_make_secrets(service.home).webhook_secret)
    routes = [
        Route(HOOK_PATH, receiver.receive, methods=["POST"]),
        Route("/health", _health, methods=["GET"]),
    ]
    return Starlette(routes=routes)


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until the process is asked to end."""
    parser = argparse.ArgumentParser(prog="python -m resources.labeling.webhook", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on")
    parser.add_argument("--port", type=int, required=True, help="the port to listen on")
    given = parser.parse_args(arguments)
    import uvicorn

    uvicorn.run(create_app(), host=given.host, port=given.port, log_level="warning")


async def _health(_request: Request) -> JSONResponse:
    return JSONResponse({"status": "up"})


async def _body(request: Request) -> bytes:
    """The body, read no further than allowed, whatever its header promises."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise BadHook(
                413,
                f"the web hook is larger than {MAX_BODY_BYTES} bytes",
                "Nothing was done; the next poll finds what it told.",
            )
    return bytes(body)


def _parse(body: bytes) -> tuple[ProjectId, str, list[TaskId]]:
    try:
        told: Any = json.loads(body)
        project = ProjectId(int(told["project"]["id"]))
        action = str(told["action"])
        named = told.get("tasks", told.get("task", []))
        tasks = named if isinstance(named, list) else [named]
        return project, action[:100], [_task(task["id"]) for task in tasks]
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as problem:
        raise BadHook(
            422,
            "the web hook is not what Label Studio sends: expected JSON with action and project.id",
            ONLY_OURS,
        ) from problem


def _task(told: Any) -> TaskId:
    number = int(told)
    if not 0 < number < MOST_TASKS:
        raise ValueError(f"{number} is no task's number")
    return TaskId(number)


if __name__ == "__main__":
    main()

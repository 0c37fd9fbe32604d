"""What the server answers over HTTP, as plain ASGI: a framework costs more than a small model."""

import logging
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

import orjson

from resources.errors import BadInput, Conflict, Denied, NotFound, TrainplatError, Unavailable
from resources.serving.protocols import inference, scoring
from resources.serving.server.pool import Overloaded, Pool
from resources.serving.server.replica import ModelFailed
from resources.serving.server.target import Target
from resources.serving.tensors import Array, Tensors

MOST_BYTES = 64 << 20
"""The largest body of a request."""
JSON = b"application/json"
CSV = b"text/csv"
BINARY = b"inference-header-content-length"
"""Says where the JSON ends in a body with binary tensors, an extension that is not spoken here."""
LOOKS = ("GET", "HEAD")
MOST_SHOWN = 300
"""So many characters of an address or a reason are told."""

_log = logging.getLogger(__name__)

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


class Models(Protocol):
    """What the application asks of the server."""

    async def answer(self, name: str, tag: str | None, given: Tensors) -> tuple[dict[str, Array], Target]:
        """What a model says, and which version of it said so."""
        ...

    async def loaded(self, name: str, tag: str | None) -> tuple[Target, Pool]:
        """A version that is ready to answer; it is loaded if need be."""
        ...

    async def unload(self, name: str, tag: str | None) -> list[str]:
        """Let versions go that nobody is to be answered by; what they are called."""
        ...

    def is_ready(self) -> bool:
        """Whether all endpoints would answer now."""
        ...

    async def is_model_ready(self, name: str, tag: str | None) -> bool:
        """Whether an endpoint would answer now, or a version of a model, which is loaded then."""
        ...

    def names(self) -> list[str]:
        """The endpoints."""
        ...

    def status(self) -> dict[str, Any]:
        """Everything that runs, for people and programs."""
        ...


class TooLarge(BadInput):
    """A body of more bytes than are read."""


class NotEncoded(BadInput):
    """A body that is written in a way that is not read."""


class WrongMethod(BadInput):
    """A method that is not for what it is asked of."""

    def __init__(self, method: str, path: str, allowed: str) -> None:
        super().__init__(f"{path} takes no {method}; expected {allowed}", f"Send it by {allowed}.")
        self.allowed = allowed


class Broken(TrainplatError):
    """The server itself is at fault."""


STATUS: tuple[tuple[type[TrainplatError], int], ...] = (
    (TooLarge, 413),
    (NotEncoded, 415),
    (WrongMethod, 405),
    (BadInput, 400),
    (Denied, 403),
    (NotFound, 404),
    (Conflict, 409),
    (ModelFailed, 500),
    (Unavailable, 503),
)


class App:
    """Takes requests, asks the models, writes answers."""

    def __init__(self, models: Models, *, most_bytes: int = MOST_BYTES) -> None:
        self._models = models
        self._most_bytes = most_bytes

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """One request, as ASGI has it."""
        if scope["type"] != "http":
            return
        path, method = scope["path"], scope["method"]
        try:
            body = await _body(scope, receive, self._most_bytes)
            if body is None:
                return  # the client hung up
            status, content, headers = await self._answer(method, path, body, _kind(scope))
        except TrainplatError as problem:
            status, content, headers = _failure(problem, path)
        except Exception as problem:  # noqa: BLE001 - a fault of ours: its client is told so, others go on
            _log.exception("%s %s could not be answered", method, path[:MOST_SHOWN])
            status, content, headers = _failure(_broken(problem), path)
        await _send(send, status, content, headers)

    async def _answer(
        self, method: str, path: str, body: bytes, kind: bytes
    ) -> tuple[int, bytes, list[tuple[bytes, bytes]]]:
        parts = [part for part in path.split("/") if part]
        if method == "POST":
            if parts[-1:] == ["infer"] and parts[:2] == ["v2", "models"]:
                return await self._infer(*_model(parts[2:-1], path), body)
            if parts[-1:] == ["invocations"]:
                return await self._score(parts[:-1], path, body, kind)
            if parts[:2] == ["v2", "repository"]:
                return await self._repository(parts[2:], path)
            raise _nothing(method, path)
        is_post = parts[-1:] in (["infer"], ["invocations"]) or parts[:2] == ["v2", "repository"]
        if method not in LOOKS or is_post:
            raise WrongMethod(method, path, "POST" if is_post else "GET")
        return await self._look(parts, path)

    async def _infer(
        self, name: str, tag: str | None, body: bytes
    ) -> tuple[int, bytes, list[tuple[bytes, bytes]]]:
        request = inference.read_request(body)
        said, target = await self._models.answer(name, tag, request.tensors)
        content = inference.write_response(name, str(target.number), request, said)
        return 200, content, _by(target)

    async def _score(
        self, parts: list[str], path: str, body: bytes, kind: bytes
    ) -> tuple[int, bytes, list[tuple[bytes, bytes]]]:
        if parts[:1] == ["models"]:
            name, tag = _model(parts[1:], path)
        elif parts:
            raise NotFound(f"there is nothing at POST {path}", "Ask POST /models/NAME/invocations.")
        else:
            name, tag = self._only(), None
        read = scoring.read_csv if kind == CSV else scoring.read_request
        said, target = await self._models.answer(name, tag, read(body))
        return 200, scoring.write_response(said), _by(target)

    async def _repository(self, parts: list[str], path: str) -> tuple[int, bytes, list[tuple[bytes, bytes]]]:
        if parts == ["index"]:
            return 200, orjson.dumps(self._models.status()["models"]), []
        if len(parts) != 3 or parts[0] != "models" or parts[2] not in ("load", "unload"):
            raise NotFound(
                f"there is nothing at POST {path}", "Ask /v2/repository/models/NAME/load or unload."
            )
        name, tag = _model([parts[1]], path)
        if parts[2] == "load":
            target, pool = await self._models.loaded(name, tag)
            ready_s = pool.replicas[0].ready_after_s if pool.replicas else None
            return 200, orjson.dumps({"name": str(target), "ready_after_s": ready_s}), []
        return 200, orjson.dumps({"unloaded": await self._models.unload(name, tag)}), []

    async def _look(self, parts: list[str], path: str) -> tuple[int, bytes, list[tuple[bytes, bytes]]]:
        if parts in (["health"], ["ping"], ["v2", "health", "live"]):
            return 200, orjson.dumps({"live": True}), []
        if parts == ["v2", "health", "ready"]:
            ready = self._models.is_ready()
            return 200 if ready else 503, orjson.dumps({"ready": ready}), []
        if parts == ["v2"]:
            told = {"name": "trainplat", "version": "2", "extensions": ["model_repository"]}
            return 200, orjson.dumps(told), []
        if parts == ["status"]:
            return 200, orjson.dumps(self._models.status()), []
        if parts[:2] == ["v2", "models"] and len(parts) > 2:
            return await self._model(parts[2:], path)
        raise _nothing("GET", path)

    async def _model(self, parts: list[str], path: str) -> tuple[int, bytes, list[tuple[bytes, bytes]]]:
        if parts[-1] == "ready":
            name, tag = _model(parts[:-1], path)
            ready = await self._models.is_model_ready(name, tag)
            return 200 if ready else 503, orjson.dumps({"name": name, "ready": ready}), []
        name, tag = _model(parts, path)
        target, pool = await self._models.loaded(name, tag)
        told = inference.metadata(name, [str(target.number)], pool.inputs, pool.outputs, pool.classes)
        return 200, told, _by(target)

    def _only(self) -> str:
        names = self._models.names()
        if len(names) == 1:
            return names[0]
        raise BadInput(
            f"/invocations names no model, and {len(names)} are served: {', '.join(names) or 'none'}",
            "Ask /models/NAME/invocations.",
        )


def _model(parts: list[str], path: str) -> tuple[str, str | None]:
    """``NAME``, ``NAME:TAG``, ``NAME+VARIANT`` or ``NAME/versions/TAG``; a tag may have a variant too."""
    if len(parts) == 3 and parts[1] == "versions":
        return parts[0], parts[2]
    if len(parts) != 1:
        raise NotFound(f"there is nothing at {path}", "Ask /v2/models/NAME or /v2/models/NAME/versions/TAG.")
    told, plus, variant = parts[0].partition("+")
    name, _, tag = told.partition(":")
    return name, tag + plus + variant or None


def _nothing(method: str, path: str) -> NotFound:
    return NotFound(
        f"there is nothing at {method} {path[:MOST_SHOWN]}",
        "Ask POST /v2/models/NAME/infer, POST /models/NAME/invocations, GET /v2/models/NAME or GET /status.",
    )


def _broken(problem: Exception) -> Broken:
    text = str(problem).strip().partition("\n")[0][:MOST_SHOWN]
    return Broken(
        f"the server failed at this request: {type(problem).__name__}{': ' if text else ''}{text}",
        "See its log, logs/serving.log of the home; ask again.",
    )


def _kind(scope: dict[str, Any]) -> bytes:
    """What the client says that the body is, without its parameters."""
    told: bytes = next((value for name, value in scope["headers"] if name == b"content-type"), b"")
    return told.partition(b";")[0].strip().lower()


async def _body(scope: dict[str, Any], receive: Receive, most_bytes: int) -> bytes | None:
    """The whole body; None of a client that hung up."""
    size = 0
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            size = int(value)
        elif name == b"content-encoding" and value != b"identity":
            raise NotEncoded(
                f"the body is encoded as {value.decode(errors='replace')!r}; expected no encoding",
                "Send it as it is.",
            )
        elif name == BINARY:
            raise NotEncoded(
                "the request has binary tensors after its JSON; expected JSON alone",
                "Send the values as 'data', for instance with binary_data=False of Triton's client.",
            )
    parts: list[bytes] = []
    received = 0
    while size <= most_bytes and received <= most_bytes:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        parts.append(message.get("body", b""))
        received += len(parts[-1])
        if not message.get("more_body"):
            return parts[0] if len(parts) == 1 else b"".join(parts)
    raise TooLarge(
        f"the request has {max(size, received):,} bytes; at most {most_bytes:,} are read",
        "Send fewer samples at a time, or let a batch inference answer all of a data set version.",
    )


def _failure(problem: TrainplatError, path: str) -> tuple[int, bytes, list[tuple[bytes, bytes]]]:
    status = _status(problem)
    told: dict[str, str] = {"error": problem.problem, "next": problem.next_step}
    if path.endswith("invocations"):  # as MLflow calls them
        told |= {
            "error_code": "BAD_REQUEST" if status < 500 else "INTERNAL_ERROR",
            "message": problem.problem,
        }
    headers = [(b"retry-after", b"1")] if isinstance(problem, Overloaded) else []
    if isinstance(problem, WrongMethod):
        headers = [(b"allow", problem.allowed.encode())]
    return status, orjson.dumps(told), headers


def _status(problem: TrainplatError) -> int:
    return next((status for kind, status in STATUS if isinstance(problem, kind)), 500)


def _by(target: Target) -> list[tuple[bytes, bytes]]:
    return [(b"x-trainplat-model", str(target).encode())]


async def _send(send: Send, status: int, content: bytes, headers: list[tuple[bytes, bytes]]) -> None:
    length = (b"content-length", str(len(content)).encode())
    start = {
        "type": "http.response.start",
        "status": status,
        "headers": [(b"content-type", JSON), length, *headers],
    }
    await send(start)
    await send({"type": "http.response.body", "body": content})

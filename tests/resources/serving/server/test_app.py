import asyncio
import json
from typing import Any

from resources.serving.server.app import App
from resources.serving.server.model_server import ModelServer


class Broken(ModelServer):
    """A server whose own code is at fault."""

    def __init__(self) -> None: ...

    async def answer(self, *_: object) -> Any:
        raise LookupError("a line\nand another one")


def test_a_fault_of_the_server_is_told_to_who_asked_as_any_other_problem_is() -> None:
    sent: list[dict[str, Any]] = []
    scope = {"type": "http", "method": "POST", "path": "/models/digits/invocations", "headers": []}

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b'{"inputs": [1]}'}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    asyncio.run(App(Broken())(scope, receive, send))
    told = json.loads(sent[1]["body"])
    assert sent[0]["status"] == 500
    assert told["error"] == "the server failed at this request: LookupError: a line"
    assert told["error_code"] == "INTERNAL_ERROR"
    assert told["next"]

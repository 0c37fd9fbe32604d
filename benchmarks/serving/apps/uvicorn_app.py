"""uvicorn alone: ``python -m benchmarks.serving.apps.uvicorn_app PORT``; the model is in a thread."""

import asyncio
import json
import sys
from typing import Any

import numpy as np
import uvicorn

from benchmarks.serving.apps.model import MOST_ROWS, Network, answer, picture


class App:
    """Batches what waits while the model is busy."""

    def __init__(self) -> None:
        self.network = Network()
        self.waiting: list[tuple[Any, asyncio.Future[Any]]] = []
        self.is_busy = False

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """One request, as ASGI has it."""
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        if scope["path"] == "/infer":
            future = asyncio.get_running_loop().create_future()
            self.waiting.append((picture(json.loads(body)), future))
            if not self.is_busy:
                self.is_busy = True
                asyncio.ensure_future(self._work())  # noqa: RUF006
            told = answer(*await future)
        else:
            told = {}
        content = json.dumps(told).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(content)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": content})

    async def _work(self) -> None:
        while self.waiting:
            batch, self.waiting = self.waiting[:MOST_ROWS], self.waiting[MOST_ROWS:]
            pictures = np.concatenate([one for one, _ in batch])
            said = await asyncio.to_thread(self.network, pictures)
            for (_, future), one in zip(batch, zip(*said, strict=True), strict=True):
                future.set_result(one)
        self.is_busy = False


if __name__ == "__main__":
    uvicorn.run(
        App(), host="127.0.0.1", port=int(sys.argv[1]), lifespan="off", access_log=False, log_level="warning"
    )

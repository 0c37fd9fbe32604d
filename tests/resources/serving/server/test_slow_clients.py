import asyncio
import socket

import uvicorn

from resources.serving.server.app import App
from resources.serving.server.slow_clients import close_slow_clients
from tests.resources.serving.server.test_app import Broken

HEAD = b"POST /models/digits/invocations HTTP/1.1\r\nhost: here\r\n"


def test_who_does_not_end_a_request_is_hung_up_on_and_others_are_answered() -> None:
    async def ask() -> None:
        web = uvicorn.Server(
            uvicorn.Config(App(Broken()), lifespan="off", log_level="error", http="httptools")
        )
        with socket.create_server(("127.0.0.1", 0)) as bound:
            serving = asyncio.create_task(web.serve([bound]))
            closing = asyncio.create_task(close_slow_clients(web, most_s=2.0, look_s=0.1))
            where = bound.getsockname()
            slow = [await asyncio.open_connection(*where) for _ in range(3)]
            for (_, writer), begun in zip(
                slow, (b"", HEAD, HEAD + b"content-length: 9\r\n\r\n{"), strict=True
            ):
                writer.write(begun)
            for reader, writer in slow:
                assert await reader.read() == b""
                writer.close()
            reader, writer = await asyncio.open_connection(*where)
            for _ in range(15):  # one that asks again and again is hung up on by nobody
                writer.write(HEAD + b'content-length: 15\r\n\r\n{"inputs": [1]}')
                await reader.readuntil(b"INTERNAL_ERROR")
                await reader.readuntil(b"}")
                await asyncio.sleep(0.2)
            writer.close()
            closing.cancel()
            web.should_exit = True
            await serving

    asyncio.run(ask())

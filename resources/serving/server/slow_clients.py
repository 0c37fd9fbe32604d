"""Clients that begin a request and never end it: their connections are closed, or they would fill it."""

import asyncio
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import uvicorn

MOST_S = 120.0
"""How long a request may take to come in. Of a client that says nothing at all too."""
LOOK_S = 5.0


async def close_slow_clients(
    web: "uvicorn.Server", *, most_s: float = MOST_S, look_s: float = LOOK_S
) -> None:
    """Close connections on which no whole request came for so long, until cancelled.

    It looks at them now and then: no request pays for it. Those that wait for an answer, and those between
    two requests, which uvicorn closes by itself, are left alone.
    """
    from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

    since_s: dict[Any, tuple[Any, float]] = {}
    while True:
        await asyncio.sleep(look_s)
        now_s = time.monotonic()
        connections = [one for one in web.server_state.connections if isinstance(one, HttpToolsProtocol)]
        comes_in = {one: one.cycle for one in connections if _comes_in(one)}
        since_s = {
            one: before if (before := since_s.get(one)) and before[0] is request else (request, now_s)
            for one, request in comes_in.items()
        }
        for connection, (_, begun_s) in since_s.items():
            if now_s - begun_s >= most_s:
                connection.transport.close()


def _comes_in(connection: Any) -> bool:
    """Whether its newest request is not whole, or the next one may have begun."""
    cycle = connection.cycle
    return cycle is None or cycle.response_complete or cycle.more_body

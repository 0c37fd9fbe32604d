"""A tag is looked up beside the requests, not in front of each of them."""

import asyncio
import threading

import pytest

from resources.errors import BadInput, NotFound
from resources.serving.references import ModelReference
from resources.serving.server.resolving import FRESH_S, NUMBERS_LAST, STALE_S, Resolver
from resources.serving.server.target import Target


class Registry:
    """Says what a tag stands for, when it is let."""

    def __init__(self) -> None:
        self.number, self.asked = 1, 0
        self.lets = threading.Event()
        self.lets.set()

    def resolve(self, reference: ModelReference) -> Target:
        self.asked += 1
        self.lets.wait(20)
        if self.number == 0:
            raise NotFound(f"{reference.name}:{reference.tag} is gone", "Ask for another one.")
        return Target(reference.name, self.number)


class Clock:
    """Stands still until it is put forward."""

    now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


async def looked_up(registry: Registry, times: int) -> None:
    while registry.asked < times:
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.05)


def test_sixty_requests_of_one_moment_look_a_tag_up_once() -> None:
    async def ask() -> None:
        registry = Registry()
        registry.lets.clear()
        resolver = Resolver(registry.resolve)
        asked = [asyncio.create_task(resolver.target("digits", "champion")) for _ in range(60)]
        await looked_up(registry, 1)
        asked[0].cancel()  # a client that hangs up takes the answer from nobody
        registry.lets.set()
        assert {str(await one) for one in asked[1:]} == {str(Target("digits", 1))}
        assert registry.asked == 1

    asyncio.run(ask())


def test_a_request_does_not_wait_for_what_is_looked_up_again() -> None:
    async def ask() -> None:
        registry, clock = Registry(), Clock()
        resolver = Resolver(registry.resolve, clock)
        await resolver.target("digits", None)
        registry.number = 2
        assert (await resolver.target("digits", None)).number == 1
        assert registry.asked == 1
        registry.lets.clear()
        clock.now_s += FRESH_S
        assert (await resolver.target("digits", None)).number == 1
        await looked_up(registry, 2)
        assert (await resolver.target("digits", None)).number == 1
        assert registry.asked == 2
        registry.lets.set()
        await asyncio.sleep(0.2)
        assert (await resolver.target("digits", None)).number == 2

    asyncio.run(ask())


def test_a_number_is_looked_up_again_after_minutes_only() -> None:
    async def ask() -> None:
        registry, clock = Registry(), Clock()
        resolver = Resolver(registry.resolve, clock)
        await resolver.target("digits", "1")
        clock.now_s += STALE_S
        await resolver.target("digits", "1")
        await asyncio.sleep(0.05)
        assert registry.asked == 1
        clock.now_s += NUMBERS_LAST * STALE_S
        await resolver.target("digits", "1")
        assert registry.asked == 2

    asyncio.run(ask())


def test_what_was_found_long_ago_answers_nobody() -> None:
    async def ask() -> None:
        registry, clock = Registry(), Clock()
        resolver = Resolver(registry.resolve, clock)
        await resolver.target("digits", None)
        registry.number = 2
        clock.now_s += STALE_S
        assert (await resolver.target("digits", None)).number == 2

    asyncio.run(ask())


def test_a_tag_that_is_gone_is_forgotten() -> None:
    async def ask() -> None:
        registry, clock = Registry(), Clock()
        resolver = Resolver(registry.resolve, clock)
        await resolver.target("digits", "old")
        registry.number = 0
        clock.now_s += FRESH_S
        assert (await resolver.target("digits", "old")).number == 1
        await looked_up(registry, 2)
        with pytest.raises(NotFound, match="digits:old is gone"):
            await resolver.target("digits", "old")
        registry.number = 3
        assert (await resolver.target("digits", "old")).number == 3

    asyncio.run(ask())


def test_what_is_no_reference_is_told_at_once() -> None:
    async def ask() -> None:
        registry = Registry()
        with pytest.raises(BadInput):
            await Resolver(registry.resolve).target("digits", "a b!")
        assert registry.asked == 0

    asyncio.run(ask())

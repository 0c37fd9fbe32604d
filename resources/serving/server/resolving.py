"""What a tag stands for, remembered for a moment: requests do not wait for the registry again and again."""

import asyncio
import time
from collections.abc import Callable
from functools import partial

from resources.errors import TrainplatError
from resources.serving.references import ModelReference, parse_reference
from resources.serving.server.elsewhere import Elsewhere
from resources.serving.server.target import Target

FRESH_S = 2.0
"""So long a tag is taken for what it stood for. Then it is looked up again, beside the requests."""
STALE_S = 5.0
"""After so long requests wait for what is looked up."""
NUMBERS_LAST = 15.0
"""A number means the same version for ever, unless it is removed: it is taken for so many times longer."""


class Resolver:
    """Finds the version that is meant by a name and a tag, each of them once at a time."""

    def __init__(
        self,
        resolve: Callable[[ModelReference], Target],
        now_s: Callable[[], float] = time.monotonic,
        *,
        here: Callable[[ModelReference], Target | None] = lambda _: None,
        elsewhere: Elsewhere | None = None,
    ) -> None:
        """``resolve`` may block for long, and is asked where ``here`` says None; both in threads."""
        self._resolve, self._here, self._now_s = resolve, here, now_s
        self._elsewhere = elsewhere or Elsewhere()
        self._known: dict[tuple[str, str], tuple[float, Target]] = {}
        self._looked_up: dict[tuple[str, str], asyncio.Task[Target]] = {}

    async def target(self, name: str, tag: str | None) -> Target:
        """The version that is meant. Raises what ``resolve`` raises; BadInput for what is no reference."""
        key = name, tag or ""
        found_at_s, target = self._known.get(key, (-STALE_S, None))
        age_s = (self._now_s() - found_at_s) / (NUMBERS_LAST if key[1].isdigit() else 1.0)
        if target is not None and age_s < FRESH_S:
            return target
        task = self._looked_up.get(key) or self._look_up(key)
        if target is not None and age_s < STALE_S:
            return target
        return await asyncio.shield(task)  # others wait for it too, when this client hangs up

    def _look_up(self, key: tuple[str, str]) -> "asyncio.Task[Target]":
        name, tag = key
        reference = parse_reference(f"{name}:{tag}" if tag and not tag.startswith("+") else f"{name}{tag}")
        task = asyncio.get_running_loop().create_task(self._found(key, reference))
        self._looked_up[key] = task
        task.add_done_callback(_seen)
        return task

    async def _found(self, key: tuple[str, str], reference: ModelReference) -> Target:
        try:
            target = await self._elsewhere.found(
                partial(self._here, reference), partial(self._resolve, reference)
            )
        except TrainplatError:
            self._known.pop(key, None)
            raise
        finally:
            del self._looked_up[key]
        self._known[key] = self._now_s(), target
        return target


def _seen(task: "asyncio.Task[Target]") -> None:
    """Take notice of a failure that nobody waited for: the next request looks it up itself."""
    if not task.cancelled():
        task.exception()

"""Who gets a line of versions of those who ask for it: pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from resources.data.locks.model import VersionLock
from resources.terms import VersionKey

AT_ONCE = timedelta(seconds=1)
"""Who asks within so long of the first one asks at once with him: then priority counts before time."""


@dataclass(frozen=True)
class Line:
    """It gets the line itself."""

    ask: VersionLock


@dataclass(frozen=True)
class OnBranch:
    """It gets a branch from the version that it asked for."""

    ask: VersionLock
    because_of: VersionLock | None
    """Who has the line; None where the line went on from that version already."""


@dataclass(frozen=True)
class Refusal:
    """It gets nothing, since it cannot branch."""

    ask: VersionLock
    because_of: VersionLock | None


Answer = Line | OnBranch | Refusal


def in_order(asks: Iterable[VersionLock]) -> list[VersionLock]:
    """Who comes before whom.

    1. Who asked more than a second before another one comes before him, whatever their priorities.
    2. Of those who asked within one second of the first of them the highest priority comes first.
    3. Of equal priority who asked first; of one moment the lower id.
    """
    waiting = sorted(asks, key=lambda ask: (ask.asked_at, ask.id))
    ordered: list[VersionLock] = []
    while waiting:
        last = waiting[0].asked_at + AT_ONCE
        at_once = [ask for ask in waiting if ask.asked_at <= last]
        ordered += sorted(at_once, key=lambda ask: (-ask.priority, ask.asked_at, ask.id))
        waiting = waiting[len(at_once) :]
    return ordered


def decide(asks: Iterable[VersionLock], held: Sequence[VersionLock], head: VersionKey | None) -> list[Answer]:
    """What each of ``asks`` for one line gets, the first in order first.

    ``held`` are the locks of writers on this line that live, ``head`` is the version after which the line
    goes on; None while a pipeline makes the next one. The owner of a lock gets the same line again.
    """
    holder = held[0] if held else None
    answers: list[Answer] = []
    for ask in in_order(asks):
        is_free = holder is None or holder.owner == ask.owner
        if is_free and ask.key == head:
            holder = ask
            answers.append(Line(ask))
        elif ask.can_branch:
            answers.append(OnBranch(ask, None if is_free else holder))
        else:
            answers.append(Refusal(ask, None if is_free else holder))
    return answers

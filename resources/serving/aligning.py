"""MLflow calls versions as our tables do, also after it was down, or after somebody moved an alias there."""

from collections.abc import Sequence
from dataclasses import dataclass

from resources.clock import Clock, utc_now
from resources.database.audit import AuditRow, record
from resources.database.engine import Database
from resources.errors import Unavailable
from resources.home import Home
from resources.registry.aliases import Aliases
from resources.serving.references import ReferenceService
from resources.terms import Actor, DatasetName


@dataclass(frozen=True)
class Realigned:
    """An alias that meant another version in MLflow than here, or none."""

    name: DatasetName
    alias: str
    was: int | None
    number: int
    problem: str = ""
    """Why MLflow does not take it, such as that the version is gone there; empty where it did."""

    @property
    def sentence(self) -> str:
        """What was found, and what became of it."""
        was = "nothing" if self.was is None else f"version {self.was}"
        said = f"{self.name}@{self.alias} was {was} in MLflow and is {self.number} here"
        return f"{said}: {self.problem}" if self.problem else said


def align(home: Home, database: Database, actor: Actor, clock: Clock = utc_now) -> Sequence[Realigned]:
    """Let each alias of MLflow mean what it means here; those that were otherwise, and what became of them.

    Aliases that only MLflow knows stay. Raises :class:`Unavailable` when MLflow is down.
    """
    references, aliases = ReferenceService(home, database, clock), Aliases(home)
    found: list[Realigned] = []
    for name in sorted({one.dataset for one in references.registry.models()}):
        for alias, number in references.tags(name).items():
            was = aliases.number_of(name, alias)
            if was != number:
                found.append(_put(aliases, Realigned(name, alias, was, number)))
    with database.write() as connection:
        for one in found:
            subject = f"models:/{one.name}@{one.alias}"
            record(connection, AuditRow(clock(), actor, "registry.align", subject, one.sentence))
    return found


def _put(aliases: Aliases, one: Realigned) -> Realigned:
    try:
        aliases.put(one.name, one.alias, one.number)
    except Unavailable as problem:
        return Realigned(one.name, one.alias, one.was, one.number, problem.problem)
    return one

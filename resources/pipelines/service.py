"""Pipelines for everyone above: made, numbered, listed; each change with its audit row."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, insert, select

from resources.clock import Clock, utc_now
from resources.database.audit import AuditRow, record
from resources.database.engine import Database
from resources.errors import BadInput
from resources.pipelines.folder import Broken, Folder
from resources.pipelines.model import Pipeline
from resources.pipelines.removing import refuse_used
from resources.pipelines.tables import VERSIONS
from resources.terms import Actor


@dataclass(frozen=True)
class PipelineVersion:
    """One content that a pipeline's file had."""

    name: str
    number: int
    """From 1 on, in the order in which they were seen."""
    content_hash: str
    template: str
    owner: str
    text: str
    made_at: datetime
    actor: Actor


@dataclass(frozen=True)
class Listed:
    """A pipeline beside what is known of its versions."""

    pipeline: Pipeline | Broken
    versions: tuple[PipelineVersion, ...]
    """Oldest first; what an editor changed is none until it is run."""

    @property
    def current(self) -> PipelineVersion | None:
        """The version of the file as it is now, or None for one that was never seen here."""
        if isinstance(self.pipeline, Broken):
            return None
        now = self.pipeline.content_hash
        return next((one for one in self.versions if one.content_hash == now), None)

    @property
    def number(self) -> int:
        """The number of the file's version as it is now: the next one where it was never seen."""
        current = self.current
        return len(self.versions) + 1 if current is None else current.number


@dataclass(frozen=True)
class Removed:
    """A pipeline whose file is gone."""

    path: Path
    version: int | None
    """The one that keeps its text."""
    left: tuple[str, ...]
    """What else lies where the file lay."""


class PipelineService:
    """The pipelines of one folder, with their versions in one database."""

    def __init__(self, folder: Folder, database: Database, clock: Clock = utc_now) -> None:
        self.folder, self.database, self.clock = folder, database, clock

    def make(
        self, name: str, text: str, actor: Actor, *, force: bool = False, source: Path | None = None
    ) -> PipelineVersion:
        """Write the file of a pipeline. Raises BadPipeline, and Conflict where there is one already.

        ``source`` is the file that the text comes from: there a person mends it.
        """
        made = self.folder.write(name, text, force=force, source=source)
        return self.seen(made, actor)

    def seen(self, pipeline: Pipeline, actor: Actor) -> PipelineVersion:
        """The version of a pipeline as it is now: a new one, where nobody has seen this content before."""
        with self.database.write() as connection:
            known = _versions(connection, pipeline.name)
            for one in known:
                if one.content_hash == pipeline.content_hash:
                    return one
            made = PipelineVersion(
                name=pipeline.name,
                number=len(known) + 1,
                content_hash=pipeline.content_hash,
                template=pipeline.template.name,
                owner=pipeline.spec.owner,
                text=pipeline.text,
                made_at=self.clock(),
                actor=actor,
            )
            connection.execute(insert(VERSIONS).values(**vars(made)))
            subject = f"{made.name}:{made.number}"
            detail = f"template {made.template}, content {made.content_hash}"
            record(connection, AuditRow(made.made_at, actor, "pipelines.version", subject, detail))
        return made

    def refuse_used(self, name: str) -> None:
        """Raise NotFound where there is no such pipeline, Conflict where another one names it."""
        if not self.folder.file(name).exists():
            self.folder.read(name)
        refuse_used(self.folder, name)

    def remove(self, name: str, actor: Actor) -> Removed:
        """Take the file of a pipeline away; all that it made stays, and its text as a version of it.

        Raises NotFound; Conflict where another pipeline names it. A broken file has no version.
        """
        self.refuse_used(name)
        try:
            version = self.seen(self.folder.read(name), actor).number
        except BadInput:
            version = None
        with self.database.write() as connection:
            detail = "a file that could not be read" if version is None else f"version {version}"
            record(connection, AuditRow(self.clock(), actor, "pipelines.remove", name, detail))
            left = self.folder.remove(name)
        return Removed(self.folder.file(name), version, left)

    def versions(self, name: str) -> tuple[PipelineVersion, ...]:
        """Those of one pipeline, oldest first."""
        with self.database.read() as connection:
            return _versions(connection, name)

    def listed(self) -> Iterator[Listed]:
        """Every pipeline of the folder, by name."""
        for one in self.folder.all():
            yield Listed(one, self.versions(one.name))


def _versions(connection: Connection, name: str) -> tuple[PipelineVersion, ...]:
    query = select(VERSIONS).where(VERSIONS.c.name == name).order_by(VERSIONS.c.number)
    return tuple(
        PipelineVersion(**{**row, "actor": Actor(row["actor"])})
        for row in connection.execute(query).mappings()
    )

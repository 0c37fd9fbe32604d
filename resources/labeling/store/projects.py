"""Which project of Label Studio is whose."""

import json
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update

from resources.kinds import Kind
from resources.labeling.label_studio.values import ProjectId
from resources.labeling.store.sweeps import Sweep, put_sweep, sweep_of
from resources.labeling.tables import PROJECTS, TASKS
from resources.showing import ShownFrom
from resources.terms import DatasetName, Label


@dataclass(frozen=True)
class KnownProject:
    """The project of a data set."""

    dataset: DatasetName
    id: ProjectId
    classes: tuple[Label, ...]
    kind: Kind = Kind.IMAGE_CLASSES
    shown_from: ShownFrom = field(default_factory=ShownFrom)
    """Where its pictures are; what is needed to get there, Label Studio has."""


def project_of(connection: Connection, dataset: DatasetName) -> KnownProject | None:
    """The project of ``dataset``, or None before anything was asked."""
    row = connection.execute(select(PROJECTS).where(PROJECTS.c.dataset == dataset)).first()
    if row is None:
        return None
    classes = tuple(json.loads(row.classes))
    return KnownProject(
        DatasetName(row.dataset), ProjectId(row.project), classes, Kind(row.kind), ShownFrom(row.shown_from)
    )


def put_project(connection: Connection, known: KnownProject, now: datetime) -> None:
    """Keep which project is whose. The tasks of an earlier project are gone with it."""
    connection.execute(delete(PROJECTS).where(PROJECTS.c.dataset == known.dataset))
    connection.execute(
        insert(PROJECTS).values(
            dataset=known.dataset,
            project=known.id,
            classes=json.dumps(list(known.classes)),
            kind=known.kind,
            shown_from=known.shown_from.url,
        )
    )
    connection.execute(
        update(TASKS)
        .where(TASKS.c.dataset == known.dataset, TASKS.c.project != known.id, TASKS.c.live)
        .values(live=False)
    )
    if sweep_of(connection, known.dataset) is None:
        put_sweep(connection, known.dataset, Sweep(None, "", now))


def projects_known(connection: Connection) -> frozenset[ProjectId]:
    """All projects that are ours."""
    return frozenset(ProjectId(row.project) for row in connection.execute(select(PROJECTS.c.project)))


def kind_of(connection: Connection, dataset: DatasetName) -> Kind:
    """What people say about the samples of a data set; before anybody was asked, that they are of classes."""
    known = project_of(connection, dataset)
    return known.kind if known else Kind.IMAGE_CLASSES

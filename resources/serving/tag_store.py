"""The table of tags that people gave to models."""

from datetime import datetime

from sqlalchemy import Column, Connection, Integer, String, Table, delete, insert, select

from resources.database.metadata import METADATA
from resources.database.types import UtcDateTime
from resources.terms import Actor, DatasetName

MODEL_TAGS = Table(
    "model_tags",
    METADATA,
    Column("dataset", String(100), primary_key=True),
    Column("tag", String(128), primary_key=True),
    Column("number", Integer, nullable=False),
    Column("given_at", UtcDateTime, nullable=False),
    Column("actor", String(200), nullable=False),
)


def tags_of(connection: Connection, dataset: DatasetName) -> dict[str, int]:
    """The tags of a data set's models, and the numbers that they stand for."""
    table = MODEL_TAGS.c
    query = select(table.tag, table.number).where(table.dataset == dataset).order_by(table.tag)
    return {row.tag: row.number for row in connection.execute(query).all()}


def put_tag(
    connection: Connection, dataset: DatasetName, tag: str, number: int, now: datetime, actor: Actor
) -> bool:
    """Let a tag stand for a number; False where it does already."""
    if tags_of(connection, dataset).get(tag) == number:
        return False
    drop_tag(connection, dataset, tag)
    row = {"dataset": dataset, "tag": tag, "number": number, "given_at": now, "actor": actor}
    connection.execute(insert(MODEL_TAGS).values(**row))
    return True


def drop_tag(connection: Connection, dataset: DatasetName, tag: str) -> bool:
    """Take a tag away; False where there is none."""
    table = MODEL_TAGS.c
    gone = connection.execute(delete(MODEL_TAGS).where(table.dataset == dataset, table.tag == tag))
    return gone.rowcount > 0


def drop_tags_of(connection: Connection, dataset: DatasetName, number: int) -> None:
    """Take all tags of one version away."""
    table = MODEL_TAGS.c
    connection.execute(delete(MODEL_TAGS).where(table.dataset == dataset, table.number == number))

"""The tables of remotes."""

from sqlalchemy import BigInteger, Column, String, Table

from resources.database.metadata import METADATA
from resources.database.types import UtcDateTime

REMOTES = Table(
    "data_remotes",
    METADATA,
    Column("name", String(100), primary_key=True),
    Column("url", String(2000), nullable=False),
    Column("endpoint", String(500)),
    Column("profile", String(200)),
    Column("added_by", String(200), nullable=False),
    Column("added_at", UtcDateTime, nullable=False),
    Column("mark", String(80)),
)

REPLICAS = Table(
    "data_replicas",
    METADATA,
    Column("dataset", String(100), primary_key=True),
    Column("remote", String(100), primary_key=True),
    Column("said_by", String(200), nullable=False),
    Column("said_at", UtcDateTime, nullable=False),
)

REMOTE_TREES = Table(
    "data_remote_trees",
    METADATA,
    Column("remote", String(100), primary_key=True),
    Column("tree_md5", String(40), primary_key=True),
    Column("objects", BigInteger, nullable=False),
    Column("pushed_at", UtcDateTime, nullable=False),
)

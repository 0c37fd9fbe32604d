"""The tables of versions. Statements about them stand in the stores beside, as text: see ``plain.py``."""

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
)

from resources.database.metadata import METADATA
from resources.database.types import UtcDateTime

VERSIONS = Table(
    "data_versions",
    METADATA,
    Column("dataset", String(100), primary_key=True),
    Column("key", String(300), primary_key=True),
    Column("number", Integer, nullable=False),
    Column("branch", String(280)),
    Column("state", String(20), nullable=False),
    Column("tree_md5", String(40), nullable=False),
    Column("tree_sha256", String(64), nullable=False),
    Column("files", BigInteger, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("schema", Text, nullable=False),
    Column("author", String(200), nullable=False),
    Column("message", Text, nullable=False),
    Column("committed_at", UtcDateTime, nullable=False),
    Index("data_versions_by_number", "dataset", "number", unique=True),
    Index("data_versions_by_tree", "tree_md5"),
)

PARENTS = Table(
    "data_parents",
    METADATA,
    Column("dataset", String(100), primary_key=True),
    Column("key", String(300), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("parent", String(300), nullable=False),
    ForeignKeyConstraint(["dataset", "key"], ["data_versions.dataset", "data_versions.key"]),
)

BRANCHES = Table(
    "data_branches",
    METADATA,
    Column("dataset", String(100), primary_key=True),
    Column("name", String(280), primary_key=True),
    Column("base", String(300), nullable=False),
    Column("head", String(300), nullable=False),
    Column("user_name", String(100), nullable=False),
    Column("state", String(20), nullable=False),
    Column("merged_as", String(300)),
    Column("created_at", UtcDateTime, nullable=False),
)

TAGS = Table(
    "data_tags",
    METADATA,
    Column("dataset", String(100), primary_key=True),
    Column("tag", String(100), primary_key=True),
    Column("key", String(300), nullable=False),
    Column("tagged_by", String(200), nullable=False),
    Column("tagged_at", UtcDateTime, nullable=False),
)

WORK_TREES = Table(
    "data_work_trees",
    METADATA,
    Column("root", String(4400), primary_key=True),
    Column("dataset", String(100), nullable=False),
    Column("base", String(300), nullable=False),
    Column("branch", String(280)),
    Column("tree_md5", String(40), nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
)

INDEX = Table(
    "data_index",
    METADATA,
    Column("root", String(4400), primary_key=True),
    Column("folder", LargeBinary, primary_key=True),
    Column("names", LargeBinary, nullable=False),
    Column("stamps", LargeBinary, nullable=False),
    Column("hashes", LargeBinary, nullable=False),
)

JOURNAL = Table(
    "data_journal",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("kind", String(20), nullable=False),
    Column("subject", Text, nullable=False),
    Column("host", String(255), nullable=False),
    Column("pid", Integer, nullable=False),
    Column("process_started", String(80), nullable=False),
    Column("began_at", UtcDateTime, nullable=False),
)

SWEEPS = Table(
    "data_sweeps",
    METADATA,
    Column("store", String(100), primary_key=True),
    Column("epoch", BigInteger, nullable=False),
)

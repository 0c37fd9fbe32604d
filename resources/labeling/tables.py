"""The tables of labeling."""

from sqlalchemy import Boolean, Column, Float, Index, Integer, String, Table, Text, UniqueConstraint

from resources.database.metadata import METADATA
from resources.database.types import UtcDateTime

PROJECTS = Table(
    "labeling_projects",
    METADATA,
    Column("dataset", String(100), primary_key=True),
    Column("project", Integer, nullable=False),
    Column("classes", Text, nullable=False),  # a JSON list, in the order of the data set
    Column("kind", String(20), nullable=False, server_default="image_classes"),
    Column("shown_from", Text, nullable=False, server_default=""),  # a URL; empty for local files
)

ROUNDS = Table(  # a row: all questions of this version are in Label Studio
    "labeling_rounds",
    METADATA,
    Column("dataset", String(100), primary_key=True),
    Column("version", String(40), primary_key=True),
    Column("questions", Integer, nullable=False),
    Column("asked_at", UtcDateTime, nullable=False),
)

QUESTIONS = Table(  # one for each sample that people were ever asked about
    "labeling_questions",
    METADATA,
    Column("dataset", String(100), primary_key=True),
    Column("sample", String(64), primary_key=True),
    Column("version", String(40), nullable=False),
    Column("guess", Text, nullable=False),
    Column("score", Float, nullable=False),
    Column("model_version", String(200), nullable=False),
    Column("state", String(20), nullable=False),
    Column("asked_at", UtcDateTime, nullable=False),
    Column("why", String(20), nullable=False, server_default="strategy"),
    Column("place", Integer, nullable=False, server_default="0"),  # among those of its version, for people
    Column("original", Text),  # the address that the picture is shown from; none where a copy is
    Index("labeling_questions_by_state", "dataset", "state"),
)

TASKS = Table(  # every task of the project as it was last seen, those of other people too
    "labeling_tasks",
    METADATA,
    Column("project", Integer, primary_key=True),
    Column("task", Integer, primary_key=True),
    Column("dataset", String(100), nullable=False),
    Column("sample", String(64)),
    Column("question", String(200)),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("live", Boolean, nullable=False),
    Column("submitted", Integer, nullable=False),  # how many annotations, skips too
    Column("annotations", Text, nullable=False),  # a JSON list
    Index("labeling_tasks_by_sample", "dataset", "sample"),
)

CONFIRMED = Table(
    "labeling_confirmed",
    METADATA,
    Column("ref", String(200), primary_key=True),
    Column("dataset", String(100), nullable=False),
    Column("sample", String(64), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("label", Text, nullable=False),
    Column("task", Integer, nullable=False),
    Column("annotation", Integer, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("withdrawn", Boolean, nullable=False),
    UniqueConstraint("dataset", "sample", "revision"),
)

PROBLEMS = Table(
    "labeling_problems",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("dataset", String(100), nullable=False),
    Column("sample", String(64)),
    Column("kind", String(40), nullable=False),
    Column("task", Integer, nullable=False),
    Column("annotation", Integer),
    Column("detail", Text, nullable=False),
    Column("opened_at", UtcDateTime, nullable=False),
    Column("resolved_at", UtcDateTime),
    Index("labeling_problems_open", "dataset", "resolved_at"),
)

SWEEPS = Table(
    "labeling_sweeps",
    METADATA,
    Column("dataset", String(100), primary_key=True),
    Column("after_task", Integer),  # the sweep's own cursor; NULL: none is under way
    Column("reason", Text, nullable=False),
    Column("finished_at", UtcDateTime, nullable=False),
)

INBOX = Table(  # what web hooks said: hints, looked at and deleted by the next poll
    "labeling_inbox",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("received_at", UtcDateTime, nullable=False),
    Column("project", Integer, nullable=False),
    Column("action", String(40), nullable=False),
    Column("tasks", Text, nullable=False),  # a JSON list of task numbers
)

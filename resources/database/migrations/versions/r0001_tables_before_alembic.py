"""The tables before Alembic: those of trainplat 0.1.

Databases of that time have no record of a revision. Their tables stay as they are, and those of a subject
that was never used are made.
"""

import sqlalchemy as sa
from alembic import op

from resources.errors import Conflict

revision = "0001"
down_revision = None

TABLES = sa.MetaData()

sa.Table(
    "audit",
    TABLES,
    sa.Column("id", sa.Integer(), primary_key=True),
    sa.Column("at", sa.DateTime(), nullable=False),
    sa.Column("actor", sa.String(200), nullable=False),
    sa.Column("action", sa.String(100), nullable=False),
    sa.Column("subject", sa.String(300), nullable=False),
    sa.Column("detail", sa.Text(), nullable=False),
)

sa.Table(
    "dataset_labels",
    TABLES,
    sa.Column("dataset", sa.String(100), primary_key=True),
    sa.Column("ref", sa.String(200), primary_key=True),
    sa.Column("version", sa.String(40), nullable=False),
    sa.Column("position", sa.Integer(), nullable=False),
    sa.Column("sample", sa.String(64), nullable=False),
    sa.Column("label", sa.String(200), nullable=False),
    sa.Index("ix_dataset_labels_version", "version"),
)

sa.Table(
    "dataset_snapshots",
    TABLES,
    sa.Column("number", sa.Integer(), primary_key=True),
    sa.Column("id", sa.String(64), nullable=False),
    sa.Column("dataset", sa.String(100), nullable=False),
    sa.Column("version", sa.String(40), nullable=False),
    sa.Column("frozen_at", sa.DateTime(), nullable=False),
    sa.UniqueConstraint("id", name="dataset_snapshots_id_key"),
)

sa.Table(
    "dataset_versions",
    TABLES,
    sa.Column("dataset", sa.String(100), primary_key=True),
    sa.Column("version", sa.String(40), primary_key=True),
    sa.Column("parent", sa.String(40)),
    sa.Column("state", sa.String(20), nullable=False),
    sa.Column("planned_at", sa.DateTime(), nullable=False),
    sa.Column("sealed_at", sa.DateTime()),
    sa.Column("tree_md5", sa.String(40)),
    sa.Column("new_labels", sa.Integer(), nullable=False),
    sa.Column("labelled", sa.Integer()),
    sa.Column("pool", sa.Integer()),
    sa.Column("test", sa.Integer()),
)

sa.Table(
    "decisions",
    TABLES,
    sa.Column("dataset", sa.String(100), primary_key=True),
    sa.Column("version", sa.String(32), primary_key=True),
    sa.Column("labels", sa.Integer(), nullable=False),
    sa.Column("model_number", sa.Integer(), nullable=False),
    sa.Column("accuracy_new", sa.Float(), nullable=False),
    sa.Column("accuracy_old", sa.Float()),
    sa.Column("promoted", sa.Boolean(), nullable=False),
    sa.Column("champion_number", sa.Integer(), nullable=False),
    sa.Column("champion_version", sa.String(32), nullable=False),
    sa.Column("lease_s", sa.Float(), nullable=False),
    sa.Column("decided_at", sa.DateTime(), nullable=False),
)

sa.Table(
    "evaluations",
    TABLES,
    sa.Column("dataset", sa.String(100), primary_key=True),
    sa.Column("version", sa.String(32), primary_key=True),
    sa.Column("challenger", sa.Integer(), nullable=False),
    sa.Column("champion", sa.Integer()),
    sa.Column("test_set", sa.String(64), nullable=False),
    sa.Column("test_count", sa.Integer(), nullable=False),
    sa.Column("scores", sa.Text(), nullable=False),
    sa.Column("evaluated_at", sa.DateTime(), nullable=False),
)

sa.Table(
    "gpu_holds",
    TABLES,
    sa.Column("device", sa.String(100), primary_key=True),
    sa.Column("run_id", sa.String(64), nullable=False),
    sa.Column("attempt", sa.Integer(), nullable=False),
)

sa.Table(
    "gpu_leases",
    TABLES,
    sa.Column("run_id", sa.String(64), primary_key=True),
    sa.Column("attempt", sa.Integer(), primary_key=True),
    sa.Column("instance", sa.String(500), nullable=False),
    sa.Column("origin", sa.String(10), nullable=False),
    sa.Column("text", sa.String(200), nullable=False),
    sa.Column("device_count", sa.Integer(), nullable=False),
    sa.Column("model", sa.String(100)),
    sa.Column("project", sa.String(100), nullable=False),
    sa.Column("user", sa.String(100), nullable=False),
    sa.Column("devices", sa.Text(), nullable=False),
    sa.Column("state", sa.String(10), nullable=False),
    sa.Column("granted_at", sa.DateTime(), nullable=False),
    sa.Column("claimed_at", sa.DateTime()),
    sa.Column("claimer_pid", sa.Integer()),
    sa.Column("claimer_started_at", sa.Float()),
    sa.Column("holder_pid", sa.Integer()),
    sa.Column("holder_started_at", sa.Float()),
    sa.Column("released_at", sa.DateTime()),
    sa.Column("release_reason", sa.Text()),
    sa.Index("gpu_leases_by_state", "state"),
)

sa.Table(
    "gpu_requests",
    TABLES,
    sa.Column("run_id", sa.String(64), primary_key=True),
    sa.Column("attempt", sa.Integer(), primary_key=True),
    sa.Column("instance", sa.String(500), nullable=False),
    sa.Column("origin", sa.String(10), nullable=False),
    sa.Column("text", sa.String(200), nullable=False),
    sa.Column("device_count", sa.Integer(), nullable=False),
    sa.Column("model", sa.String(100)),
    sa.Column("project", sa.String(100), nullable=False),
    sa.Column("user", sa.String(100), nullable=False),
    sa.Column("submitted_at", sa.DateTime(), nullable=False),
    sa.Column("state", sa.String(10), nullable=False),
    sa.Column("rule", sa.String(10)),
    sa.Column("reason", sa.Text()),
    sa.Column("holder_pid", sa.Integer()),
    sa.Column("holder_started_at", sa.Float()),
    sa.CheckConstraint("attempt >= 1", name="attempt_from_1"),
    sa.Index("gpu_requests_by_state", "state", "submitted_at"),
)

sa.Table(
    "labeling_confirmed",
    TABLES,
    sa.Column("ref", sa.String(200), primary_key=True),
    sa.Column("dataset", sa.String(100), nullable=False),
    sa.Column("sample", sa.String(64), nullable=False),
    sa.Column("revision", sa.Integer(), nullable=False),
    sa.Column("label", sa.String(200), nullable=False),
    sa.Column("task", sa.Integer(), nullable=False),
    sa.Column("annotation", sa.Integer(), nullable=False),
    sa.Column("at", sa.DateTime(), nullable=False),
    sa.Column("withdrawn", sa.Boolean(), nullable=False),
    sa.UniqueConstraint(
        "dataset", "sample", "revision", name="labeling_confirmed_dataset_sample_revision_key"
    ),
)

sa.Table(
    "labeling_inbox",
    TABLES,
    sa.Column("id", sa.Integer(), primary_key=True),
    sa.Column("received_at", sa.DateTime(), nullable=False),
    sa.Column("project", sa.Integer(), nullable=False),
    sa.Column("action", sa.String(40), nullable=False),
    sa.Column("tasks", sa.Text(), nullable=False),
)

sa.Table(
    "labeling_problems",
    TABLES,
    sa.Column("id", sa.Integer(), primary_key=True),
    sa.Column("dataset", sa.String(100), nullable=False),
    sa.Column("sample", sa.String(64)),
    sa.Column("kind", sa.String(40), nullable=False),
    sa.Column("task", sa.Integer(), nullable=False),
    sa.Column("annotation", sa.Integer()),
    sa.Column("detail", sa.Text(), nullable=False),
    sa.Column("opened_at", sa.DateTime(), nullable=False),
    sa.Column("resolved_at", sa.DateTime()),
    sa.Index("labeling_problems_open", "dataset", "resolved_at"),
)

sa.Table(
    "labeling_projects",
    TABLES,
    sa.Column("dataset", sa.String(100), primary_key=True),
    sa.Column("project", sa.Integer(), nullable=False),
    sa.Column("classes", sa.Text(), nullable=False),
)

sa.Table(
    "labeling_questions",
    TABLES,
    sa.Column("dataset", sa.String(100), primary_key=True),
    sa.Column("sample", sa.String(64), primary_key=True),
    sa.Column("version", sa.String(40), nullable=False),
    sa.Column("guess", sa.String(200), nullable=False),
    sa.Column("score", sa.Float(), nullable=False),
    sa.Column("model_version", sa.String(200), nullable=False),
    sa.Column("state", sa.String(20), nullable=False),
    sa.Column("asked_at", sa.DateTime(), nullable=False),
    sa.Index("labeling_questions_by_state", "dataset", "state"),
)

sa.Table(
    "labeling_rounds",
    TABLES,
    sa.Column("dataset", sa.String(100), primary_key=True),
    sa.Column("version", sa.String(40), primary_key=True),
    sa.Column("questions", sa.Integer(), nullable=False),
    sa.Column("asked_at", sa.DateTime(), nullable=False),
)

sa.Table(
    "labeling_sweeps",
    TABLES,
    sa.Column("dataset", sa.String(100), primary_key=True),
    sa.Column("after_task", sa.Integer()),
    sa.Column("reason", sa.Text(), nullable=False),
    sa.Column("finished_at", sa.DateTime(), nullable=False),
)

sa.Table(
    "labeling_tasks",
    TABLES,
    sa.Column("project", sa.Integer(), primary_key=True),
    sa.Column("task", sa.Integer(), primary_key=True),
    sa.Column("dataset", sa.String(100), nullable=False),
    sa.Column("sample", sa.String(64)),
    sa.Column("question", sa.String(200)),
    sa.Column("updated_at", sa.DateTime(), nullable=False),
    sa.Column("live", sa.Boolean(), nullable=False),
    sa.Column("submitted", sa.Integer(), nullable=False),
    sa.Column("annotations", sa.Text(), nullable=False),
    sa.Index("labeling_tasks_by_sample", "dataset", "sample"),
)

sa.Table(
    "loop_owner",
    TABLES,
    sa.Column("id", sa.Integer(), primary_key=True),
    sa.Column("instance", sa.String(500), nullable=False),
    sa.Column("seen_at", sa.DateTime(), nullable=False),
    sa.CheckConstraint("id = 1", name="one_owner"),
)

sa.Table(
    "model_versions",
    TABLES,
    sa.Column("dataset", sa.String(100), primary_key=True),
    sa.Column("snapshot_id", sa.String(64), primary_key=True),
    sa.Column("dataset_version", sa.String(32), nullable=False),
    sa.Column("number", sa.Integer(), nullable=False),
    sa.Column("source", sa.Text(), nullable=False),
    sa.Column("mlflow_run_id", sa.String(64), nullable=False),
    sa.Column("mlflow_model_id", sa.String(64), nullable=False),
    sa.Column("weights_sha256", sa.String(64), nullable=False),
    sa.Column("run_id", sa.String(64), nullable=False),
    sa.Column("registered_at", sa.DateTime(), nullable=False),
    sa.UniqueConstraint("dataset", "number", name="model_versions_dataset_number_key"),
)


def upgrade() -> None:
    """Make the tables that are missing. Raises Conflict where a table of such a name is somebody else's."""
    connection = op.get_bind()
    present = sa.inspect(connection)
    for table in TABLES.sorted_tables:
        if not present.has_table(table.name):
            continue
        lacking = set(table.columns.keys()) - {column["name"] for column in present.get_columns(table.name)}
        if lacking:
            raise Conflict(
                f"the table {table.name} of the database is not trainplat's: it has no column "
                f"{', '.join(sorted(lacking))}",
                "Give trainplat a database of its own: set TRAINPLAT_DATABASE_URL.",
            )
    TABLES.create_all(connection)

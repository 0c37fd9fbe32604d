"""Run by Alembic for each command: on the connection, and within the transaction, that it was given."""

from typing import Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext

from resources.database.migrations.history import VERSION_TABLE
from resources.database.types import UtcDateTime


def _render(kind: str, item: object, _context: AutogenContext) -> str | Literal[False]:
    """A revision stands for itself: a type of ours is written as what it is in the database."""
    return "sa.DateTime()" if kind == "type" and isinstance(item, UtcDateTime) else False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=context.config.attributes.get("metadata"),
    version_table=VERSION_TABLE,
    render_as_batch=True,  # SQLite cannot alter a constraint: the table is made anew and its rows are moved
    render_item=_render,
)
with context.begin_transaction():
    context.run_migrations()

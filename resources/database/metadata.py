"""The one collection that every table belongs to."""

from sqlalchemy import MetaData

NAMES = {
    "ix": "ix_%(column_0_label)s",
    "uq": "%(table_name)s_%(column_0_N_name)s_key",
    "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
}
"""Names of what got none: PostgreSQL's own, so that a migration can name a constraint on SQLite too."""

METADATA = MetaData(naming_convention=NAMES)

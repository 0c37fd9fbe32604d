"""The one collection that every table belongs to."""

from sqlalchemy import MetaData

METADATA = MetaData()

"""The tables of reviews."""

from sqlalchemy import Column, Float, Index, Integer, String, Table, Text

from resources.database.metadata import METADATA
from resources.database.types import UtcDateTime

REVIEWS = Table(  # one for each sample whose label was looked at before it may enter a version
    "labeling_reviews",
    METADATA,
    Column("dataset", String(100), primary_key=True),
    Column("sample", String(64), primary_key=True),
    Column("state", String(20), nullable=False),
    Column("reason", String(20)),  # the rest is empty for one that passed
    Column("label", Text),
    Column("other", Text),
    Column("likelihood", Float),
    Column("other_likelihood", Float),
    Column("earlier", Text),  # a JSON list of the annotations that were known when it went back
    Column("looked_at", UtcDateTime, nullable=False),
    Column("settled_at", UtcDateTime),
    Column("settled_label", Text),
    Index("labeling_reviews_by_state", "dataset", "state"),
)

REVIEW_RULES = Table(  # what a data set declares and the judgement of answers needs
    "labeling_review_rules",
    METADATA,
    Column("dataset", String(100), primary_key=True),
    Column("least_agreement", Float, nullable=False),
    Column("people", Integer, nullable=False, server_default="1"),  # how many are asked about a sample
)

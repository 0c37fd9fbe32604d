"""What the annotation sensor decides on, made by hand."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from resources.data.model import VersionRecord, VersionState
from resources.labeling.model import Standing
from resources.terms import FIRST_VERSION
from sensors.rounds import Situation
from tests.resources.data.shapes import SHAPES

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
RECORD = VersionRecord(
    dataset=SHAPES.name,
    version=FIRST_VERSION,
    parent=None,
    state=VersionState.SEALED,
    planned_at=NOW,
    sealed_at=NOW,
    tree_md5="t",
    new_labels=0,
    labelled=4,
    pool=10,
    test=6,
)
NOBODY = Standing(questions=3, open=0, answered=3, skipped=0, withdrawn=0, problems=0)


def situation(**changes: Any) -> Situation:
    """The first version made and decided, and every question answered; but for ``changes``."""
    usual = Situation(RECORD, True, (), True, 0, NOBODY, ())
    return replace(usual, **changes)

"""Why a file cannot be merged record by record."""

from resources.data.merging.model import Side
from resources.errors import BadInput
from resources.texts import filled, mark

_SIDES = {Side.BASE: mark("the base"), Side.OURS: mark("ours"), Side.THEIRS: mark("theirs")}


class NotByRecord(BadInput):
    """The three versions of a file are no records that can be told apart; the file is one conflict then."""

    def __init__(self, told: str) -> None:
        super().__init__(told, "Mend the file, or choose one of its versions.")
        self.told = told
        """Why, as a :class:`Filled`; empty: its reader need not know."""


def not_by_record(side: Side, template: str, **values: object) -> NotByRecord:
    """One whose reason names the version it is about. ``template`` is marked, and may use ``{side}``."""
    return NotByRecord(filled(template, side=filled(_SIDES[side]), **values))


class NoRecords(NotByRecord):
    """The file is of another kind than its rule says, so there is nothing to tell."""

    def __init__(self) -> None:
        super().__init__("")

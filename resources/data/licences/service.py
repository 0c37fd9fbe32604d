"""On what terms data may be used, for everyone above: say it, and read what was said."""

from dataclasses import dataclass
from datetime import datetime

from resources.clock import Clock, utc_now
from resources.data.versions.audit import audit
from resources.data.versions.refs import resolve
from resources.database.engine import Database
from resources.database.plain import Plain, moment
from resources.errors import BadInput
from resources.terms import Actor, DatasetName

LONGEST = 2000
WHOLE = ""
"""In place of a version: what is said of the data set as a whole."""


@dataclass(frozen=True)
class Licence:
    """A licence such as CC-BY-4.0, or a note that says the terms in words."""

    dataset: DatasetName
    key: str
    """The version that it is about; empty for the data set as a whole."""
    text: str
    """Empty where it was taken back."""
    said_by: Actor
    said_at: datetime


class LicenceService:
    """What is said about the data of one home. What was said before stays to be read in the audit."""

    def __init__(self, database: Database, clock: Clock = utc_now) -> None:
        self.database = database
        self.clock = clock

    def say(self, dataset: DatasetName, ref: str | None, text: str, actor: Actor) -> Licence:
        """Say the terms of a version, or of a data set as a whole, in place of what was said before.

        An empty text takes it back. Raises :class:`UnknownRef`, and :class:`BadInput` for a long text.
        """
        told, now = text.strip(), self.clock()
        if len(told) > LONGEST:
            raise BadInput(
                f"the terms of {dataset} have {len(told)} characters; expected at most {LONGEST}",
                "Give the name of a licence, or a sentence with the place where the terms stand.",
            )
        with self.database.write_plainly() as rows:
            key = WHOLE if ref is None else str(resolve(rows, dataset, ref).key)
            made = Licence(dataset, key, told, actor, now)
            if _newest(rows, dataset).get(key, "") == told:
                return made
            rows.run(
                "INSERT INTO data_licences (dataset, key, text, said_by, said_at) "
                "VALUES (:dataset, :key, :text, :said_by, :said_at)",
                dataset=dataset,
                key=key,
                text=told,
                said_by=actor,
                said_at=now,
            )
            audit(rows, now, actor, "data.licence", f"{dataset} {key}".strip(), told or "taken back")
        return made

    def all_of(self, dataset: DatasetName) -> list[Licence]:
        """What is said now, of the data set first and then of versions."""
        with self.database.read_plainly() as rows:
            found = rows.rows(
                "SELECT key, text, said_by, said_at FROM data_licences "
                "WHERE dataset = :dataset ORDER BY key, id",
                dataset=dataset,
            )
        newest = {
            key: Licence(dataset, key, text, Actor(said_by), moment(at)) for key, text, said_by, at in found
        }
        return [one for one in newest.values() if one.text]

    def of(self, dataset: DatasetName, key: str) -> str:
        """The terms of a version: its own, else those of its data set; empty where nobody said any."""
        said = {one.key: one.text for one in self.all_of(dataset)}
        return said.get(key) or said.get(WHOLE, "")


def _newest(rows: Plain, dataset: DatasetName) -> dict[str, str]:
    found = rows.rows(
        "SELECT key, text FROM data_licences WHERE dataset = :dataset ORDER BY id", dataset=dataset
    )
    return dict(found)

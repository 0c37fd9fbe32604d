"""How often objects were swept away: who finds the number unchanged knows that all he saw is still there."""

from resources.database.plain import Plain

KIND = "sweep"
"""The kind of the journal's rows about sweeps."""

_STORE = "home"


def epoch(rows: Plain) -> int:
    """The number of the last sweep."""
    found = rows.rows("SELECT epoch FROM data_sweeps WHERE store = :store", store=_STORE)
    return int(found[0][0]) if found else 0


def count(rows: Plain) -> None:
    """Count one more sweep, in the transaction under whose lock it is done."""
    if not rows.run("UPDATE data_sweeps SET epoch = epoch + 1 WHERE store = :store", store=_STORE):
        rows.run("INSERT INTO data_sweeps (store, epoch) VALUES (:store, 1)", store=_STORE)


def is_sweeping(rows: Plain) -> bool:
    """Whether a sweep has begun and was not counted: it goes on, or whoever did it died."""
    return bool(rows.rows("SELECT 1 FROM data_journal WHERE kind = :kind LIMIT 1", kind=KIND))

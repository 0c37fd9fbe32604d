"""The number of changes of a ledger: by it a process sees that nothing has changed, or what has.

Each change of a request or lease that a decision may depend on has the next number, which its row keeps.
Writers hold the database's one write lock, so whoever sees a number sees all that came before it. Every
function works inside the caller's transaction.
"""

from sqlalchemy import Connection, select, update

from resources.gpu.tables import CHANGES

THE_ROW = 1


def next_change(connection: Connection) -> int:
    """The number of the change that is made now."""
    change = update(CHANGES).where(CHANGES.c.id == THE_ROW).values(last=CHANGES.c.last + 1)
    return int(connection.execute(change.returning(CHANGES.c.last)).scalar_one())


def last_change(connection: Connection) -> int:
    """The number of the last change."""
    return int(connection.execute(select(CHANGES.c.last).where(CHANGES.c.id == THE_ROW)).scalar_one())


def moves_left(connection: Connection) -> float:
    """How many moves (rule D1) are allowed by now."""
    return float(connection.execute(select(CHANGES.c.moves_left).where(CHANGES.c.id == THE_ROW)).scalar_one())


def set_moves_left(connection: Connection, left: float) -> None:
    """Keep how many moves are allowed from now on."""
    connection.execute(update(CHANGES).where(CHANGES.c.id == THE_ROW).values(moves_left=left))

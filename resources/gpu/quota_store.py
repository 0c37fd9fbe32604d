"""Quotas as rows. Every function works inside the caller's transaction."""

from sqlalchemy import Connection, delete, insert, select

from resources.gpu.policy.amounts import Resource
from resources.gpu.policy.quota_model import (
    BudgetRow,
    Membership,
    Party,
    Period,
    PeriodKind,
    QuotaRow,
    QuotaRows,
    Scope,
)
from resources.gpu.tables import BUDGETS, PARTIES, QUOTAS


def read(connection: Connection) -> QuotaRows:
    """All rows, in a fixed order."""
    parties = connection.execute(
        select(PARTIES).order_by(PARTIES.c.scope, PARTIES.c.name, PARTIES.c.user)
    ).all()
    quotas = connection.execute(
        select(QUOTAS).order_by(QUOTAS.c.scope, QUOTAS.c.name, QUOTAS.c.user, QUOTAS.c.resource)
    ).all()
    return QuotaRows(
        tuple(Membership(_party(row.scope, row.name, row.user), row.parent, row.weight) for row in parties),
        tuple(
            QuotaRow(
                _party(row.scope, row.name, row.user),
                Resource(row.resource),
                row.nominal,
                row.borrowing_limit,
                row.lending_limit,
            )
            for row in quotas
        ),
        read_budgets(connection),
    )


def read_budgets(connection: Connection) -> tuple[BudgetRow, ...]:
    """The budgets, in a fixed order."""
    order = (BUDGETS.c.scope, BUDGETS.c.name, BUDGETS.c.user, BUDGETS.c.kind, BUDGETS.c.days)
    return tuple(
        BudgetRow(
            _party(row.scope, row.name, row.user),
            row.gpu_hours,
            Period(PeriodKind(row.kind), row.first_day, row.days, row.zone),
        )
        for row in connection.execute(select(BUDGETS).order_by(*order)).all()
    )


def replace(connection: Connection, rows: QuotaRows) -> None:
    """Put ``rows`` in the place of all there are."""
    connection.execute(delete(PARTIES))
    connection.execute(delete(QUOTAS))
    connection.execute(delete(BUDGETS))
    for one in rows.memberships:
        connection.execute(insert(PARTIES).values(**_key(one.party), parent=one.parent, weight=one.weight))
    for row in rows.quotas:
        connection.execute(
            insert(QUOTAS).values(
                **_key(row.party),
                resource=row.resource,
                nominal=row.nominal,
                borrowing_limit=row.borrowing_limit,
                lending_limit=row.lending_limit,
            )
        )
    for budget in rows.budgets:
        period = budget.period
        connection.execute(
            insert(BUDGETS).values(
                **_key(budget.party),
                kind=period.kind,
                days=period.days,
                first_day=period.first_day,
                zone=period.zone,
                gpu_hours=budget.gpu_hours,
            )
        )


def _key(party: Party) -> dict[str, str]:
    return {"scope": party.scope, "name": party.name, "user": party.user or ""}


def _party(scope: str, name: str, user: str) -> Party:
    return Party(Scope(scope), name, user or None)

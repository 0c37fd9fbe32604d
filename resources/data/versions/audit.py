"""Audit rows within transactions that know no SQLAlchemy."""

from datetime import datetime

from resources.database.plain import Plain
from resources.terms import Actor


def audit(rows: Plain, at: datetime, actor: Actor, action: str, subject: str, detail: str) -> None:
    """Write who did what to what."""
    rows.run(
        "INSERT INTO audit (at, actor, action, subject, detail) "
        "VALUES (:at, :actor, :action, :subject, :detail)",
        at=at,
        actor=actor,
        action=action,
        subject=subject[:300],
        detail=detail,
    )

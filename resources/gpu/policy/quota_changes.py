"""What differs between two sets of quotas, in the words of the file."""

from dataclasses import dataclass

from resources.gpu.policy.quota_file import completed, human, key_of
from resources.gpu.policy.quota_model import BudgetRow, Party, Period, PeriodKind, QuotaRow, QuotaRows

ALONE = "-"
"""As the cohort of who is in none."""


@dataclass(frozen=True)
class Change:
    """What differs between the quotas there are and others; None: there is none."""

    party: Party
    what: str
    """A resource as the file names it, ``cohort`` or ``weight``."""
    before: str | None
    after: str | None


def changes_between(before: QuotaRows, after: QuotaRows) -> list[Change]:
    """What differs, party by party."""
    old, new = _told(completed(before)), _told(completed(after))
    keys = [*new, *(key for key in old if key not in new)]
    found = [Change(*key, old.get(key), new.get(key)) for key in keys if old.get(key) != new.get(key)]
    with_rows = {row.party for rows in (before, after) for row in rows.quotas}
    with_rows |= {row.party for rows in (before, after) for row in rows.budgets}
    return [one for one in found if one.party not in with_rows or not _is_usual(one)]


def _told(rows: QuotaRows) -> dict[tuple[Party, str], str]:
    told: dict[tuple[Party, str], str] = {}
    for one in rows.memberships:
        told[one.party, "cohort"] = one.parent or ALONE
        told[one.party, "weight"] = f"{one.weight:g}"
    for row in rows.quotas:
        told[row.party, key_of(row.resource)] = _row(row)
    for budget in rows.budgets:
        told[budget.party, f"budget {budget.period.key}"] = _budget(budget)
    return told


def _is_usual(change: Change) -> bool:
    """Whether it says no more than that a party is new or gone, which its quotas say too."""
    usual = {"cohort": ALONE, "weight": "1"}.get(change.what)
    return usual is not None and {change.before, change.after} == {None, usual}


def _row(row: QuotaRow) -> str:
    said = [str(human(row.resource, row.nominal))]
    limits = {"borrowing_limit": row.borrowing_limit, "lending_limit": row.lending_limit}
    said += [f"{name} {human(row.resource, value)}" for name, value in limits.items() if value is not None]
    return ", ".join(said)


def _budget(row: BudgetRow) -> str:
    said = [f"{row.gpu_hours:g}"]
    if row.period.kind is PeriodKind.MONTH and row.period != Period():
        said += [f"first_day {row.period.first_day}", f"zone {row.period.zone}"]
    return ", ".join(said)

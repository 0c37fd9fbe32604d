"""``trainplat gpu quota set``: put the quotas of a file in the place of all."""

import getpass
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from rich.markup import escape

from resources.errors import BadInput
from resources.gpu.policy.quota_file import completed, human, key_of, read_quotas
from resources.gpu.policy.quota_model import BadQuota, Borrower, Party, QuotaRow, QuotaRows
from resources.terms import Actor
from resources.texts import mark
from trainplat_cli.command import Command, option
from trainplat_cli.commands.gpu.quota.show import SCOPES, amount_of
from trainplat_cli.commands.gpu.shown import gpu_service
from trainplat_cli.output import out, print_json
from trainplat_cli.texts import _

ALONE = "-"
"""As the cohort of who is in none."""


@dataclass(frozen=True)
class Change:
    """What differs between the quotas there are and those of the file; None: there is none."""

    party: Party
    what: str
    """A resource as the file names it, ``cohort`` or ``weight``."""
    before: str | None
    after: str | None


@click.command(
    "set",
    cls=Command,
    help=mark("Put the quotas of FILE in the place of all. `-` reads them from a pipe."),
)
@click.argument("file")
@option("--dry-run", is_flag=True, help=mark("Change nothing; show what would change, and for whom."))
@option("--json", "as_json", is_flag=True, help=mark("Print the same for machines."))
def set(file: str, dry_run: bool, as_json: bool) -> None:  # noqa: A001
    """Read the file, compare, and write."""
    rows = read_quotas(_text(file), file)
    service = gpu_service()
    before = service.quotas_in_use()
    try:
        after = before.with_rows(rows)
    except BadQuota as problem:
        raise BadQuota(f"{file}: {problem.problem}", problem.next_step) from problem
    changes = changes_between(before.rows, rows)
    if not dry_run:
        service.set_quotas(rows, Actor(f"user:{getpass.getuser()}"))
    over, owing = after.overdrawn(), after.all_borrowers()
    if as_json:
        print_json(
            {
                "written": not dry_run,
                "changes": [_change_document(one) for one in changes],
                "over": [_borrower_document(one) for one in over],
                "borrowers": [_borrower_document(one) for one in owing],
            }
        )
        return
    _show(changes, over, owing, dry_run=dry_run)


def changes_between(before: QuotaRows, after: QuotaRows) -> list[Change]:
    """What differs, party by party."""
    old, new = _told(completed(before)), _told(completed(after))
    keys = [*new, *(key for key in old if key not in new)]
    found = [Change(*key, old.get(key), new.get(key)) for key in keys if old.get(key) != new.get(key)]
    with_rows = {row.party for row in (*before.quotas, *after.quotas)}
    return [one for one in found if one.party not in with_rows or not _is_usual(one)]


def _text(file: str) -> str:
    try:
        return (sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()).decode()
    except UnicodeDecodeError as problem:
        raise BadInput(f"{file} is not text in UTF-8: {problem.reason}", "Save it as UTF-8.") from problem
    except (FileNotFoundError, IsADirectoryError) as problem:
        raise BadInput(
            f"{file}: {problem.strerror}; expected a file of quotas",
            "Make one with `trainplat gpu quota show --yaml`.",
        ) from problem


def _told(rows: QuotaRows) -> dict[tuple[Party, str], str]:
    told: dict[tuple[Party, str], str] = {}
    for one in rows.memberships:
        told[one.party, "cohort"] = one.parent or ALONE
        told[one.party, "weight"] = f"{one.weight:g}"
    for row in rows.quotas:
        told[row.party, key_of(row.resource)] = _row(row)
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


def _change_document(change: Change) -> dict[str, Any]:
    return {**_party(change.party), "what": change.what, "before": change.before, "after": change.after}


def _borrower_document(one: Borrower) -> dict[str, Any]:
    return {**_party(one.party), "resource": one.resource, "amount": one.borrowed}


def _party(party: Party) -> dict[str, Any]:
    return {"scope": party.scope, "name": party.name, "user": party.user}


def _show(
    changes: list[Change], over: tuple[Borrower, ...], owing: tuple[Borrower, ...], *, dry_run: bool
) -> None:
    console = out()
    for one in changes:
        before, after = one.before or _("nothing"), one.after or _("nothing")
        console.print(f"{_named(one.party)}  {escape(one.what)}: {escape(before)} → {escape(after)}")
    for each in over:
        text = _("{who} is {amount} over its limit: it gets nothing new until it is below.")
        console.print(_about(each, text))
    for each in owing:
        text = _("{who} borrows {amount}: it gives this back when whoever is owed it asks.")
        console.print(_about(each, text))
    if not changes:
        console.print(_("The file says what holds already."))
    if dry_run:
        console.print(_("Nothing was changed. Without --dry-run it would be."))
    else:
        console.print(_("Done. `trainplat gpu quota show` shows the quotas and what is used of them."))


def _about(one: Borrower, text: str) -> str:
    return text.format(who=_named(one.party), amount=escape(amount_of(one.resource, one.borrowed)))


def _named(party: Party) -> str:
    return escape(f"{_(SCOPES[party.scope])} {party.path}")

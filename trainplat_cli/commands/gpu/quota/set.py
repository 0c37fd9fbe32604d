"""``trainplat gpu quota set``: put the quotas of a file in the place of all."""

import sys
from pathlib import Path
from typing import Any

import click
from rich.markup import escape

from resources.errors import BadInput
from resources.gpu.duties.foresight import ForeseenStop, QuotaPreview
from resources.gpu.policy.quota_changes import Change
from resources.gpu.policy.quota_file import read_quotas
from resources.gpu.policy.quota_lines import SCOPES
from resources.gpu.policy.quota_model import BadQuota, Borrower, Party
from resources.gpu.usage.model import QuotaCost
from resources.texts import mark
from trainplat_cli.command import Command, option
from trainplat_cli.commands.gpu.quota.show import amount_of
from trainplat_cli.commands.gpu.shown import (
    cost_document,
    cost_text,
    current_actor,
    gpu_service,
    named,
    short,
    usage_service,
)
from trainplat_cli.output import out, print_json
from trainplat_cli.texts import _


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
    try:
        preview = service.preview_quotas(rows)
    except BadQuota as problem:
        raise BadQuota(f"{file}: {problem.problem}", problem.next_step) from problem
    if not dry_run:
        service.set_quotas(rows, current_actor())
    costs = usage_service().monthly_cost(rows, preview.models)
    if as_json:
        print_json(
            {
                "written": not dry_run,
                "changes": [_change_document(one) for one in preview.changes],
                "over": [_borrower_document(one) for one in preview.over],
                "borrowers": [_borrower_document(one) for one in preview.borrowers],
                "stops": [_stop_document(one) for one in preview.stops],
                "starts": list(preview.starts),
                "monthly_costs": [{**_party(one.party), **cost_document(one.cost)} for one in costs],
            }
        )
        return
    _show(preview, costs, dry_run=dry_run)


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


def _change_document(change: Change) -> dict[str, Any]:
    return {**_party(change.party), "what": change.what, "before": change.before, "after": change.after}


def _borrower_document(one: Borrower) -> dict[str, Any]:
    return {**_party(one.party), "resource": one.resource, "amount": one.borrowed}


def _party(party: Party) -> dict[str, Any]:
    return {"scope": party.scope, "name": party.name, "user": party.user}


def _stop_document(one: ForeseenStop) -> dict[str, Any]:
    return {
        "run": one.run_id,
        "project": one.owner.project,
        "user": one.owner.user,
        "for_run": one.for_run,
        "rule": one.why.rule,
        "reason": one.why.text,
    }


def _show(preview: QuotaPreview, costs: list[QuotaCost], *, dry_run: bool) -> None:
    console = out()
    for one in preview.changes:
        before, after = one.before or _("nothing"), one.after or _("nothing")
        console.print(f"{_named(one.party)}  {escape(one.what)}: {escape(before)} → {escape(after)}")
    for each in preview.over:
        text = _("{who} is {amount} over its limit: it gets nothing new until it is below.")
        console.print(_about(each, text))
    for each in preview.borrowers:
        text = _("{who} borrows {amount}: it gives this back when whoever is owed it asks.")
        console.print(_about(each, text))
    for stop in preview.stops:
        text = _("Run {run} of {owner} makes room for run {other}: {why}")
        values = {"run": short(stop.run_id), "owner": named(stop.owner), "other": short(stop.for_run)}
        console.print(escape(text.format(**values, why=f"{stop.why.rule}: {stop.why.translated(_)}")))
    for run in preview.starts:
        console.print(_("Run {run} starts at once.").format(run=short(run)))
    for cost in costs:
        text = _("All that {who} is owed costs {cost} a month.")
        console.print(text.format(who=_named(cost.party), cost=escape(cost_text(cost.cost))))
    if not preview.changes:
        console.print(_("The file says what holds already."))
    if dry_run:
        console.print(_("Nothing was changed. Without --dry-run it would be."))
    else:
        console.print(_("Done. `trainplat gpu quota show` shows the quotas and what is used of them."))


def _about(one: Borrower, text: str) -> str:
    return text.format(who=_named(one.party), amount=escape(amount_of(one.resource, one.borrowed)))


def _named(party: Party) -> str:
    return escape(f"{_(SCOPES[party.scope])} {party.path}")

"""What the retention commands share: the service, and rules and plans as documents and tables."""

from collections.abc import Sequence
from typing import Any

import click

from resources.data.retention.model import Fate, Plan, Rule, Verdict
from resources.data.retention.service import RetentionService
from resources.home import Home
from resources.texts import in_language, mark
from trainplat_cli.tables import show_table
from trainplat_cli.texts import _

DAY_S, HOUR_S = 86_400, 3_600
FATES = {Fate.KEEP: mark("keep"), Fate.RETIRE: mark("retire"), Fate.CLOSE: mark("close")}


def retention_service() -> RetentionService:
    """The service on the home that the environment names."""
    return RetentionService(Home.from_environment().database())


def rule_document(rule: Rule) -> dict[str, Any]:
    """A rule for machines."""
    return dict(vars(rule))


def plan_document(plan: Plan) -> dict[str, Any]:
    """A plan for machines."""
    return {
        "dataset": plan.rule.dataset,
        "versions": [_verdict_document(one) for one in plan.versions],
        "branches": [_verdict_document(one) for one in plan.branches],
    }


def show_rules(rules: Sequence[Rule]) -> None:
    """A table of rules."""
    if not rules:
        click.echo(_("There is no retention rule: all versions are kept."))
        return
    titles = [_("data set"), _("newest kept"), _("younger kept"), _("branches closed after"), _("said by")]
    show_table(
        titles,
        [
            [
                one.dataset,
                "-" if one.keep_last is None else str(one.keep_last),
                _length(one.keep_younger_s),
                _length(one.close_after_s),
                one.said_by,
            ]
            for one in rules
        ],
    )


def show_plans(plans: Sequence[Plan]) -> None:
    """A table of what becomes of each version and each open branch, and why."""
    rows = [
        [plan.rule.dataset, one.name, _(FATES[one.fate]), in_language(one.reason, _)]
        for plan in plans
        for one in (*plan.versions, *plan.branches)
    ]
    if rows:
        show_table([_("data set"), _("version"), _("what"), _("why")], rows)
    else:
        click.echo(_("There is no retention rule: all versions are kept."))


def _verdict_document(one: Verdict) -> dict[str, str]:
    return {"name": one.name, "fate": one.fate.value, "reason": one.reason}


def _length(seconds: int | None) -> str:
    if seconds is None:
        return "-"
    return f"{seconds // DAY_S}d" if seconds % DAY_S == 0 else f"{seconds / HOUR_S:g}h"

"""``trainplat data merge``: bring a branch into the main line."""

import click

from resources.data.merges.model import Merge, Tried
from resources.data.merging.model import Mode, Policy, PolicyRule
from resources.data.versions.naming import checked_dataset
from resources.errors import BadInput, ExitCode
from resources.printable import printable
from resources.texts import in_language, mark
from trainplat_cli.command import Command, option
from trainplat_cli.commands.data.schemas import breaking_lines, change_document
from trainplat_cli.commands.data.shown import current_actor, merge_service, version_document
from trainplat_cli.output import age, print_json
from trainplat_cli.tables import show_table
from trainplat_cli.texts import _, ngettext

SHOWN = 10


@click.command(
    cls=Command,
    help=mark(
        "Merge BRANCH of DATASET into its main line. What both sides changed differently is a conflict: it "
        "is listed, and merging again after `resolve` goes on from there. Without BRANCH, list the merges."
    ),
)
@click.argument("dataset")
@click.argument("branch", required=False)
@option("-m", "--message", default="", metavar="TEXT", help=mark("What changed, for those who look."))
@option(
    "--policy",
    "rules",
    multiple=True,
    metavar="PATTERN=MODE",
    help=mark(
        "For paths that both changed: auto, manual, ours or theirs. The first pattern that fits counts."
    ),
)
@option("--dry-run", is_flag=True, help=mark("Only say what it would come to."))
@option("--give-up", is_flag=True, help=mark("Give an open merge up; the branch stays."))
@option("--json", "as_json", is_flag=True, help=mark("Print the same for machines."))
@click.pass_context
def merge(
    context: click.Context,
    dataset: str,
    branch: str | None,
    message: str,
    rules: tuple[str, ...],
    dry_run: bool,
    give_up: bool,
    as_json: bool,
) -> None:
    """Merge, or list; the exit code is 5 while conflicts are left."""
    service, name = merge_service(), checked_dataset(dataset)
    if branch is None:
        _show_merges(service.merges(name), as_json=as_json)
        return
    if give_up:
        service.give_up(name, branch, current_actor())
        click.echo(_("The merge of {branch} is given up; the branch stays.").format(branch=branch))
        return
    policy = Policy(tuple(map(_rule, rules))) if rules else None
    if dry_run:
        tried = service.look(name, branch, policy)
    else:
        tried = service.merge(name, branch, current_actor(), policy, message)
    if as_json:
        print_json(tried_document(tried))
    else:
        click.echo(tried_text(tried))
    if tried.conflicts:
        context.exit(int(ExitCode.CONFLICT))


def tried_document(tried: Tried) -> dict[str, object]:
    """What a merge came to, for machines."""
    return {
        **merge_document(tried.merge),
        "version": None if tried.version is None else version_document(tried.version),
        "counts": {how.value: count for how, count in tried.outcome.counts.items()},
        "schema_changes": [change_document(change) for change in tried.schema_changes],
    }


def merge_document(merge: Merge) -> dict[str, object]:
    """A merge for machines."""
    return {
        "dataset": merge.dataset,
        "branch": merge.branch,
        "state": merge.state.value,
        "conflicts": merge.conflicts,
        "base": merge.base,
        "ours": merge.ours,
        "theirs": merge.theirs,
        "merged_as": merge.merged_as,
        "policy": [{"pattern": rule.glob, "mode": rule.mode.value} for rule in merge.policy.rules],
        "changed_at": merge.changed_at,
    }


def tried_text(tried: Tried) -> str:
    """What a merge came to, for people."""
    merge = tried.merge
    if tried.version is not None:
        said = _("{dataset} {version} is {ours} and {theirs} merged: {files} files.").format(
            dataset=merge.dataset,
            version=tried.version.key,
            ours=merge.ours,
            theirs=merge.theirs,
            files=f"{tried.version.files:,}",
        )
        return "\n".join([said, *breaking_lines(tried.schema_changes)])
    if not tried.conflicts:
        return _("{ours} and {theirs} merge without a conflict.").format(ours=merge.ours, theirs=merge.theirs)
    count = len(tried.conflicts)
    lines = [
        ngettext(
            "{count} conflict is left between {ours} and {theirs}:",
            "{count} conflicts are left between {ours} and {theirs}:",
            count,
        ).format(count=count, ours=merge.ours, theirs=merge.theirs)
    ]
    lines += [f"  {one.id}  {printable(in_language(one.sentence, _))}" for one in tried.conflicts[:SHOWN]]
    lines.append(
        _("Next: trainplat data conflicts {dataset} {branch}, then data resolve, then merge again.").format(
            dataset=merge.dataset, branch=merge.branch
        )
    )
    return "\n".join(lines)


def _rule(text: str) -> PolicyRule:
    pattern, sign, mode = text.rpartition("=")
    modes = [one.value for one in Mode]
    if not sign or mode not in modes:
        raise BadInput(
            _("policy {text} is not of the form PATTERN=MODE").format(text=repr(text)),
            _("Give a pattern and one of {modes}, such as labels/**=theirs.").format(modes=", ".join(modes)),
        )
    return PolicyRule(pattern, Mode(mode))


def _show_merges(found: list[Merge], *, as_json: bool) -> None:
    if as_json:
        print_json({"merges": [merge_document(one) for one in found]})
        return
    if not found:
        click.echo(_("Nothing was merged yet."))
        return
    titles = [_("branch"), _("state"), _("conflicts"), _("into"), _("became"), _("age")]
    show_table(
        titles,
        [
            [
                one.branch,
                _(one.state.value),
                str(one.conflicts),
                one.ours,
                one.merged_as or "-",
                age(one.changed_at),
            ]
            for one in found
        ],
    )

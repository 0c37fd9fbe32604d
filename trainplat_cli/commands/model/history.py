"""``trainplat model history``."""

import click
from rich.markup import escape

from resources.errors import Conflict
from resources.serving.deployments.words import kind_in_words
from resources.serving.finding import refuse_unknown
from resources.texts import mark
from trainplat_cli.command import Command, option
from trainplat_cli.commands.gpu.shown import moment
from trainplat_cli.commands.model.shown import deployments, event_document, name_alone
from trainplat_cli.output import err, out, print_json
from trainplat_cli.tables import show_table
from trainplat_cli.texts import _


@click.command(
    cls=Command,
    help=mark(
        "Show what was live when, by whom and why: of NAME, or of all. Nothing in it is ever rewritten: "
        "that is checked each time."
    ),
)
@click.argument("name", required=False)
@option(
    "--verify",
    is_flag=True,
    help=mark("Fail where a row was changed, and say how many are as they were written."),
)
@option("--json", "as_json", is_flag=True, help=mark("Print the same for machines."))
def history(name: str | None, verify: bool, as_json: bool) -> None:
    """Show it."""
    service = deployments()
    problems = service.verify()
    if problems:
        text = _("the history is not what was written: {problems}").format(problems="; ".join(problems))
        if verify:
            raise Conflict(
                text, _("Find out who changed the database, and restore the table deployments from a copy.")
            )
        err().print(f"[red]✗[/red] {escape(text)}")
    events = service.history(None if name is None else name_alone(name))
    if name is not None and not events:
        refuse_unknown(service.references, name_alone(name))
    if as_json:
        print_json({"verified": not problems, "events": [event_document(one) for one in events]})
        return
    if not events:
        out().print(_("Nothing was ever live. Promote a model with `trainplat model promote`."))
        return
    rows = [
        (
            str(one.number),
            moment(one.at),
            one.endpoint,
            kind_in_words(one.kind, _),
            "-" if one.subject is None else str(one.subject),
            one.weights_sha256[:12] or "-",
            "-" if one.after.live is None else str(one.after.live),
            one.actor,
            " · ".join(
                text
                for text in (one.why, _("override: {why}").format(why=one.override) if one.override else "")
                if text
            )
            or "-",
        )
        for one in reversed(events)
    ]
    titles = (
        _("#"),
        _("AT"),
        _("ENDPOINT"),
        _("WHAT"),
        _("MODEL"),
        _("DIGEST"),
        _("LIVE AFTER"),
        _("BY"),
        _("WHY"),
    )
    show_table(titles, rows)
    if verify:
        out().print(_("{count} rows, each as it was written.").format(count=len(service.history())))

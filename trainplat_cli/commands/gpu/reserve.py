"""``trainplat gpu reserve``: set devices aside for later, show what is set aside, cancel it."""

from datetime import UTC, datetime
from typing import Any

import click
from rich.markup import escape

from resources.errors import BadInput
from resources.gpu.model import Reserved
from resources.texts import mark
from trainplat_cli.command import Command, Group, option
from trainplat_cli.commands.gpu.asking import (
    DEFAULT_PROJECT,
    RequestCommand,
    nodes_option,
    seconds,
    terms_asked,
)
from trainplat_cli.commands.gpu.shown import current_actor, gpu_service, moment, placement_document
from trainplat_cli.output import out, print_json
from trainplat_cli.tables import show_table
from trainplat_cli.texts import _, ngettext


class NameFirst(Group):
    """``reserve NAME …`` is a command without a word of its own; ``list`` and ``cancel`` have one."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """The command of this word, else the one that makes a reservation of this name."""
        return {"list": show, "cancel": cancel}.get(cmd_name, make)

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Those that have a word."""
        return ["list", "cancel"]

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The name of a reservation is its command's first argument."""
        found = self.get_command(ctx, args[0])
        return args[0], found, args if found is make else args[1:]


@click.group(
    cls=NameFirst,
    modules={},
    subcommand_metavar="NAME REQUEST | list | cancel NAME",
    help=mark(
        "Set devices aside: trainplat gpu reserve NAME REQUEST --from 2026-12-01T09:00 --for 4h --project P. "
        "Before, only what can stop or ends in time runs on them."
    ),
)
def reserve() -> None:
    """Hold the commands."""


@click.command(cls=RequestCommand, help=mark("Set devices aside for a project, or one user in it."))
@click.argument("name")
@click.argument("request")
@option(
    "--from",
    "starts",
    required=True,
    metavar="TIME",
    help=mark("When it begins, such as 2026-12-01T09:00, in the time zone of this machine."),
)
@option("--for", "for_s", required=True, callback=seconds, metavar="TIME", help=mark("How long, such as 4h."))
@option("--project", default=DEFAULT_PROJECT, show_default=True, help=mark("For whom."))
@option("--user", metavar="NAME", help=mark("Only for this user in the project."))
@option("--cpus", default="0", metavar="N", help=mark("Cores, such as 4 or 0.5."))
@option("--memory", default="0", metavar="M", help=mark("Main memory, such as 16G."))
@option("--span", default="node", help=mark("How far apart devices may lie: node, island or nodes."))
@nodes_option
@option("--json", "as_json", is_flag=True, help=mark("Print the same for machines."))
def make(
    name: str,
    request: str,
    starts: str,
    for_s: int,
    project: str,
    user: str | None,
    cpus: str,
    memory: str,
    span: str,
    nodes: str,
    as_json: bool,
) -> None:
    """Make a reservation."""
    reserved = gpu_service().reserve(
        name,
        request,
        project=project,
        user=user,
        starts_at=_time_of(starts),
        for_s=for_s,
        actor=current_actor(),
        terms=terms_asked(cpus=cpus, memory=memory, span=span, nodes=nodes),
    )
    if as_json:
        print_json(_document(reserved) | _placement(reserved))
        return
    text = ngettext(
        "{devices} is set aside for {whom} from {start} to {end}.",
        "{devices} are set aside for {whom} from {start} to {end}.",
        len(reserved.devices),
    ).format(
        devices=", ".join(reserved.devices),
        whom=_whom(reserved),
        start=moment(reserved.starts_at),
        end=moment(reserved.ends_at),
    )
    out().print(escape(text))


@click.command("list", cls=Command, help=mark("Show what is set aside, the first to begin first."))
@option("--json", "as_json", is_flag=True, help=mark("Print the same for machines."))
def show(as_json: bool) -> None:
    """Show all reservations that are not over."""
    found = gpu_service().reservations()
    if as_json:
        print_json({"reservations": [_document(one) | _placement(one) for one in found]})
        return
    if not found:
        out().print(_("Nothing is set aside."))
        return
    titles = (_("name"), _("for"), _("request"), _("from"), _("to"), _("devices"))
    rows: list[tuple[str, ...]] = [
        (one.id, _whom(one), one.text, moment(one.starts_at), moment(one.ends_at), ", ".join(one.devices))
        for one in found
    ]
    show_table(titles, rows)


@click.command(cls=Command, help=mark("Cancel reservation NAME. Runs within it go on."))
@click.argument("name")
@option("--json", "as_json", is_flag=True, help=mark("Print the same for machines."))
def cancel(name: str, as_json: bool) -> None:
    """Cancel a reservation."""
    service, actor = gpu_service(), current_actor()
    service.cancel_reservation(name, actor)
    service.decide_now(actor)
    if as_json:
        print_json({"name": name, "cancelled": True})
    else:
        out().print(escape(_("Reservation {name} is cancelled.").format(name=name)))


def _time_of(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text).astimezone(UTC).astimezone()
    except (ValueError, OverflowError) as problem:
        raise BadInput(
            _("--from is {text!r}; expected a date and a time").format(text=text),
            _("Write it like 2026-12-01T09:00."),
        ) from problem


def _whom(reserved: Reserved) -> str:
    return reserved.project if reserved.user is None else f"{reserved.project}/{reserved.user}"


def _placement(reserved: Reserved) -> dict[str, Any]:
    return {"placement": placement_document(gpu_service().places_of(reserved.devices))}


def _document(reserved: Reserved) -> dict[str, Any]:
    return {
        "name": reserved.id,
        "project": reserved.project,
        "user": reserved.user,
        "request": reserved.text,
        "devices": list(reserved.devices),
        "from": reserved.starts_at,
        "to": reserved.ends_at,
        "cpus": reserved.terms.cpu_milli / 1000,
        "memory": reserved.terms.host_memory_mib,
        "actor": reserved.actor,
    }

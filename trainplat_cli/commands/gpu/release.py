"""``trainplat gpu release``: give the devices of a lease without a run back."""

import click
from rich.markup import escape

from resources.home import Home
from resources.texts import mark
from resources.users import current_user, is_operator_of
from trainplat_cli.command import Command, option
from trainplat_cli.commands.gpu.shown import current_actor, gpu_service
from trainplat_cli.output import err, out, print_json
from trainplat_cli.texts import _


@click.command(cls=Command, help=mark("Give the devices of lease NAME back, or take it out of the line."))
@click.argument("name")
@option("--json", "as_json", is_flag=True, help=mark("Print the same for machines."))
def release(name: str, as_json: bool) -> None:
    """End the lease; its devices come back once nothing of it is left on them."""
    service, actor = gpu_service(), current_actor()
    home = Home.from_environment()
    found = service.give_back(name, actor, user=current_user(), is_operator=is_operator_of(home.path))
    service.decide_now(actor)
    if as_json:
        processes = [{"pid": one.pid, "user": one.user} for one in found.left.processes]
        unread = list(found.left.unread)
        print_json({"name": name, "released": found.is_over, "processes": processes, "unread": unread})
    elif found.is_over:
        out().print(escape(_("Lease {name} is given back.").format(name=name)))
    else:
        text = _("Lease {name} is over. Its devices come back once this is gone: {left}").format(
            name=name, left=found.left.text
        )
        err().print(escape(text))

"""``trainplat gpu drain``: let nothing new begin on a device or a node, and take it into use again."""

from typing import Any

import click

from resources.errors import BadInput
from resources.gpu.inventory.model import DeviceId
from resources.gpu.model import Drained
from resources.texts import mark
from trainplat_cli.command import Command, option
from trainplat_cli.commands.gpu.shown import current_actor, gpu_service, moment
from trainplat_cli.output import out, print_json
from trainplat_cli.texts import _, ngettext


@click.command(
    cls=Command,
    help=mark(
        "Let nothing new begin on TARGET, a device or a node. What runs there runs to its end, or, with "
        "--evict, makes room now where it can stop."
    ),
)
@click.argument("target")
@option("--reason", default="", metavar="TEXT", help=mark("Why, for those who look."))
@option("--evict", is_flag=True, help=mark("What can stop there goes back to the queue now."))
@option("--undo", is_flag=True, help=mark("Take it into use again."))
@option("--json", "as_json", is_flag=True, help=mark("Print the same for machines."))
def drain(target: str, reason: str, evict: bool, undo: bool, as_json: bool) -> None:
    """Drain, or undo it; and let the arbiter look at once."""
    service, actor = gpu_service(), current_actor()
    if undo:
        if reason or evict:
            raise BadInput(
                _("--undo goes with neither --reason nor --evict"),
                _("Leave --undo out to drain, or the other two to take {target} into use again.").format(
                    target=target
                ),
            )
        service.undrain(target, actor)
        service.decide_now(actor)
        if as_json:
            print_json({"target": target, "drained": False})
        else:
            out().print(_("{target} is in use again.").format(target=target), markup=False)
        return
    drained = service.drain(target, reason=reason, evict=evict, actor=actor)
    service.decide_now(actor)
    status = service.status(past=0)
    covered = {DeviceId(target), *(device.id for device in status.devices if drained.covers(device))}
    left = [lease for lease in status.leases if covered.intersection(lease.devices)]
    if as_json:
        print_json({**drain_document(drained), "drained": True, "runs": [one.run_id for one in left]})
        return
    out().print(drain_text(drained), markup=False)
    text = ngettext(
        "{count} lease is left on it; `trainplat gpu status` shows it.",
        "{count} leases are left on it; `trainplat gpu status` shows them.",
        len(left),
    )
    out().print(text.format(count=len(left)) if left else _("Nothing runs on it."), markup=False)


def drain_document(drained: Drained) -> dict[str, Any]:
    """A drain for machines."""
    return {
        "target": drained.target,
        "reason": drained.reason,
        "evict": drained.evict,
        "since": drained.since,
        "actor": drained.actor,
    }


def drain_text(drained: Drained) -> str:
    """A drain for people."""
    said = _("{target} is drained since {moment} by {actor}").format(
        target=drained.target, moment=moment(drained.since), actor=drained.actor
    )
    why = f": {drained.reason}" if drained.reason else ""
    return f"{said}{why}"

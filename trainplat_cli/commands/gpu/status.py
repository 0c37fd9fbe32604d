"""``trainplat gpu status``: each device, how much of it is given out, and who has it."""

from collections.abc import Iterator
from typing import Any

import click
from rich.markup import escape

from resources.clock import utc_now
from resources.gpu.duties.reading import GpuStatus
from resources.gpu.enforcement.apart import apart
from resources.gpu.enforcement.isolation import Level
from resources.gpu.enforcement.report import Report, read_report
from resources.gpu.inventory.model import Device
from resources.gpu.manual.left import Left
from resources.gpu.manual.naming import name_of
from resources.gpu.model import OVERUSE, Lease, RunId
from resources.gpu.placement.model import WHOLE_MILLI
from resources.home import Home
from resources.notebooks.model import is_notebook
from resources.texts import in_language, mark
from trainplat_cli.command import Command, option
from trainplat_cli.commands.gpu.drain import drain_document, drain_text
from trainplat_cli.commands.gpu.shown import gpu_service, makes_room, moment, named, short
from trainplat_cli.output import age, out, print_json
from trainplat_cli.tables import show_table
from trainplat_cli.texts import _, ngettext

MIB_PER_GIB = 1024
LEVELS = {
    Level.ISOLATED: mark("isolated"),
    Level.LIMITED: mark("limited by MPS"),
    Level.COOPERATIVE: mark("cooperative"),
}


@click.command(cls=Command, help=mark("Show each device, how much of it is given out, and who has it."))
@option("--json", "as_json", is_flag=True, help=mark("Print the same for machines."))
def status(as_json: bool) -> None:
    """Show the devices and the leases on them."""
    service = gpu_service()
    found = service.status(past=0)
    overdue = service.left_of_overdue()
    seen = read_report(Home.from_environment())
    if as_json:
        late = [_overdue_document(*one) for one in overdue.items()]
        print_json(_document(found) | {"overdue": late, "watch": _watch_document(seen)})
        return
    console = out()
    if not found.devices:
        console.print(_("No device is known. `trainplat gpu doctor` says where devices come from."))
        return
    titles = (_("device"), _("model"), _("memory"), _("given out"), _("held by"))
    show_table(titles, [row for device in found.devices for row in _rows(device, found)])
    for device in found.devices:
        if device.fault is not None:
            console.print(f"[red]✗[/red] {device.id}: {escape(in_language(device.fault, _))}")
    for lease, left in overdue.items():
        if left:
            console.print(f"[yellow]–[/yellow] {lease.run_id}: {escape(left.text)}")
    for drained in found.drains:
        console.print(f"[yellow]–[/yellow] {escape(drain_text(drained))}")
    for noted in seen.noted if seen is not None else ():
        whose = "" if noted.run_id is None else _("run {run}: ").format(run=short(noted.run_id))
        console.print(f"[yellow]![/yellow] {whose}{escape(noted.reason.translated(_))}")
    if found.waiting:
        text = ngettext(
            "{count} run waits; `trainplat gpu queue` says why.",
            "{count} runs wait; `trainplat gpu queue` says why.",
            len(found.waiting),
        )
        console.print(text.format(count=len(found.waiting)))
    elif not any(lease.devices for lease in found.leases):
        console.print(_("Nobody holds a device. A run whose tag trainplat/gpu asks for some gets them."))


def _document(found: GpuStatus) -> dict[str, Any]:
    return {
        "devices": [_device_document(device, found) for device in found.devices],
        "holders": [
            {
                "device": device,
                "run": lease.run_id,
                "attempt": lease.attempt,
                "project": lease.owner.project,
                "user": lease.owner.user,
                "request": lease.request.text,
                "share": lease.request.fraction,
                "granted_at": lease.granted_at,
                "expires_at": lease.expires_at,
                "heartbeat_at": lease.heartbeat_at,
                "stop_for": lease.stop_for,
            }
            for lease in found.leases
            for device in lease.devices
        ],
        "drains": [drain_document(one) for one in found.drains],
        "waiting": len(found.waiting),
        "decider": found.decider,
    }


def _overdue_document(lease: Lease, left: Left) -> dict[str, Any]:
    return {
        "run": lease.run_id,
        "since": lease.expires_at,
        "processes": [{"pid": one.pid, "user": one.user} for one in left.processes],
        "unread": list(left.unread),
    }


def _watch_document(seen: Report | None) -> dict[str, Any] | None:
    if seen is None:
        return None
    noted = [
        {"run": one.run_id, "rule": one.reason.rule, "reason": one.reason.text, **one.reason.values}
        for one in seen.noted
    ]
    return {"at": seen.at, "noted": noted}


def _device_document(device: Device, found: GpuStatus) -> dict[str, Any]:
    on_it, drained = list(_on(device, found.leases)), found.drain_of(device)
    return {
        "id": device.id,
        "node": device.node,
        "declared": _is_declared(device, found),
        "model": device.model,
        "mig_profile": device.mig_profile,
        "memory_mib": device.memory_mib,
        "share_used": _used_milli(on_it) / WHOLE_MILLI,
        "apart": {lease.run_id: one.level for lease in on_it for one in apart(lease, (device,)).devices},
        "runs": list[RunId](dict.fromkeys(lease.run_id for lease in on_it)),
        "fault": device.fault,
        "drained": drained is not None,
        "drain_reason": None if drained is None else drained.reason,
    }


def _rows(device: Device, found: GpuStatus) -> Iterator[tuple[str, ...]]:
    on_it = list(_on(device, found.leases))
    model = device.model or (_("CPU slot") if device.is_cpu_slot else "?")
    if device.mig_profile:
        model += f" MIG {device.mig_profile}"
    memory = "-" if device.memory_mib is None else f"{device.memory_mib / MIB_PER_GIB:.0f} GiB"
    used = f"{_used_milli(on_it) / WHOLE_MILLI:.0%}"
    nobody = _("nobody") if found.drain_of(device) is None else _("drained")
    nobody = nobody if device.fault is None else _("out of order")
    if _is_declared(device, found):
        nobody += ", " + _("declared")
    yield device.id, model, memory, used, _holder(on_it[0], device) if on_it else nobody
    for lease in on_it[1:]:
        yield "", "", "", "", _holder(lease, device)


def _is_declared(device: Device, found: GpuStatus) -> bool:
    """Whether a file says that it is there, and nobody looks at it."""
    return device.id in found.declared


def _holder(lease: Lease, device: Device) -> str:
    name = name_of(lease.run_id)
    if name is not None and lease.expires_at is not None:
        text = _("lease {name} of {owner}, asked for {request}, until {moment}")
        if lease.expires_at <= utc_now():
            text = _("lease {name} of {owner}, asked for {request}, overdue since {moment}")
        told = text.format(
            name=name, owner=named(lease.owner), request=lease.request.text, moment=moment(lease.expires_at)
        )
        return told if lease.stop_reason is None else f"{told}: {lease.stop_reason}"
    text = _("run {run} of {owner}, asked for {request}, for {duration}")
    if is_notebook(lease.run_id):
        text = _("notebook {run} of {owner}, asked for {request}, for {duration}")
    said = text.format(
        run=short(lease.run_id),
        owner=named(lease.owner),
        request=lease.request.text,
        duration=age(lease.granted_at),
    )
    for kept in apart(lease, (device,)).devices:
        if kept.level is not Level.ALONE:
            said += ", " + _(LEVELS[kept.level])
    if lease.stop_for is None:
        return said
    if lease.stop_for.startswith(OVERUSE):
        return said + "; " + _("is stopped: {reason}").format(reason=lease.stop_reason)
    return f"{said}; {makes_room(lease.stop_for)}"


def _on(device: Device, leases: tuple[Lease, ...]) -> Iterator[Lease]:
    return (lease for lease in leases if device.id in lease.devices)


def _used_milli(leases: list[Lease]) -> int:
    return sum(lease.milli for lease in leases)

"""``trainplat gpu doctor``: where devices come from, what each source can tell, and what is wrong."""

from dataclasses import asdict
from typing import Any

import click
from rich.markup import escape

from resources.errors import ExitCode
from resources.gpu.inventory.model import Device
from resources.gpu.inventory.report import CPU_SLOTS, OTHERS, SourceReport, State, report
from resources.gpu.inventory.source import Ability
from resources.gpu.model import Drained
from resources.texts import in_language, mark
from trainplat_cli.command import Command, option
from trainplat_cli.commands.gpu.drain import drain_document, drain_text
from trainplat_cli.commands.gpu.shown import gpu_service
from trainplat_cli.output import out, print_json
from trainplat_cli.texts import _

SIGNS = {
    State.FOUND: "[green]✓[/green]",
    State.NOT_FOUND: "[dim]·[/dim]",
    State.UNUSED: "[dim]·[/dim]",
    State.UNSUPPORTED: "[dim]·[/dim]",
    State.ERROR: "[red]✗[/red]",
}
STATES = {
    State.FOUND: mark("found"),
    State.NOT_FOUND: mark("not found"),
    State.UNUSED: mark("not used"),
    State.UNSUPPORTED: mark("not supported"),
    State.ERROR: mark("error"),
}
ABILITIES = {
    Ability.MEMORY: mark("memory"),
    Ability.PARTITIONS: mark("slices of a card"),
    Ability.LINKS: mark("direct links"),
    Ability.NUMA: mark("NUMA nodes"),
    Ability.HEALTH: mark("health"),
    Ability.UTILISATION: mark("utilisation"),
    Ability.PROCESSES: mark("processes"),
    Ability.ERRORS: mark("errors as they come"),
    Ability.ISOLATION: mark("fractions kept apart"),
}
NAMES = {CPU_SLOTS: mark("CPU slots"), OTHERS: mark("other vendors")}
SHOWN_DEVICES = 64
"""A cluster has thousands: people see so many, ill ones first; ``--json`` has all."""
MIB_PER_GIB = 1024


@click.command(
    cls=Command,
    help=mark(
        "Show where devices come from, what each source can tell, and what is wrong. Ends with 1 then."
    ),
)
@option("--json", "as_json", is_flag=True, help=mark("Print the same for machines."))
def doctor(as_json: bool) -> None:
    """Ask every source."""
    sources = report()
    well = all(source.is_well for source in sources)
    drains = gpu_service().drains()
    if as_json:
        print_json(
            {"well": well, "sources": [_document(source) for source in sources]} | _drains_document(drains)
        )
    else:
        for source in sources:
            _show(source)
        for drained in drains:
            out().print(f"[yellow]–[/yellow] {escape(drain_text(drained))}")
        out().print(_("Nothing is to be mended.") if well else _("Something is to be mended."))
    if not well:
        raise click.exceptions.Exit(int(ExitCode.FAILED))


def _drains_document(drains: tuple[Drained, ...]) -> dict[str, Any]:
    return {"drains": [drain_document(one) for one in drains]}


def _document(source: SourceReport) -> dict[str, Any]:
    return {
        "name": source.name,
        "state": source.state,
        "detail": source.detail,
        "can": [ability for ability in Ability if ability in source.can],
        "cannot": [ability for ability in Ability if ability not in source.can] if source.can else [],
        "why_not": dict(source.cannot),
        "devices": [asdict(device) for device in source.devices],
        "next_step": source.next_step,
    }


def _show(source: SourceReport) -> None:
    console = out()
    name = _(NAMES[source.name]) if source.name in NAMES else source.name
    console.print(f"{SIGNS[source.state]} {name:<16} {_(STATES[source.state])}: {escape(source.detail)}")
    if source.can:
        console.print(f"    [dim]{_('supported')}: {_names(source)}[/dim]")
        for why, abilities in _why_not(source).items():
            names = ", ".join(_(ABILITIES[ability]) for ability in abilities)
            because = f" ({escape(_(why))})" if why else ""
            console.print(f"    [dim]{_('not supported')}: {names}{because}[/dim]")
    if source.state is State.UNSUPPORTED:
        told = _(
            "Requests for them are understood; their devices are not looked for, and cannot be declared."
        )
        console.print(f"    [dim]{told}[/dim]")
    if source.name != CPU_SLOTS:
        _show_devices(source.devices)
    if source.next_step:
        console.print(f"    [dim]{_('Next')}: {escape(source.next_step)}[/dim]")


def _names(source: SourceReport) -> str:
    return ", ".join(_(ABILITIES[ability]) for ability in Ability if ability in source.can)


def _why_not(source: SourceReport) -> dict[str, list[Ability]]:
    """What it cannot, by the reason."""
    found: dict[str, list[Ability]] = {}
    for ability in Ability:
        if ability not in source.can:
            found.setdefault(source.cannot.get(ability, ""), []).append(ability)
    return found


def _show_devices(devices: tuple[Device, ...]) -> None:
    console = out()
    ordered = sorted(devices, key=lambda device: device.fault is None)
    for device in ordered[:SHOWN_DEVICES]:
        console.print(f"    {device.id:<16} {escape(_facts(device))}")
        if device.fault:
            console.print(f"      [red]✗[/red] {escape(in_language(device.fault, _))}")
    if len(ordered) > SHOWN_DEVICES:
        console.print(f"    {_('and {count} more').format(count=len(ordered) - SHOWN_DEVICES)}")


def _facts(device: Device) -> str:
    facts = [device.model or ("CPU" if device.is_cpu_slot else "?")]
    if device.mig_profile:
        facts.append(f"MIG {device.mig_profile}")
    if device.memory_mib is not None:
        facts.append(f"{device.memory_mib / MIB_PER_GIB:.0f} GiB")
    if device.island is not None:
        facts.append(_("island {number}").format(number=device.island))
    if device.numa_node is not None:
        facts.append(f"NUMA {device.numa_node}")
    return " · ".join(facts)

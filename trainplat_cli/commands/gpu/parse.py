"""``trainplat gpu parse``: what a request string means, before anybody waits for it."""

import click
from rich.markup import escape
from rich.table import Table

from resources.errors import ExitCode
from resources.gpu.requests.errors import BadGpuRequest, ImpossibleGpuRequest
from resources.gpu.requests.grammar import parse_request
from resources.gpu.requests.kubernetes import k8s_requests, template_of
from resources.gpu.requests.model import WHOLE_MILLI, GpuRequest, Mode
from resources.gpu.requests.vendor_file import home_vendors
from resources.gpu.requests.vendors import VendorTable
from resources.texts import mark
from trainplat_cli.command import option
from trainplat_cli.commands.gpu.asking import TextCommand
from trainplat_cli.output import out, print_json
from trainplat_cli.texts import _, ngettext


@click.command(
    cls=TextCommand,
    help=mark("Show what a request such as 2(V100), 0.5 or A100:80GB:2 means, or where it goes wrong."),
)
@click.argument("text")
@option("--json", "as_json", is_flag=True, help=mark("Print the same for machines."))
@option(
    "--profile",
    metavar="NAME",
    help=mark("How the cluster shares devices, or an old order of the parts, such as tencent-2021."),
)
def parse(text: str, as_json: bool, profile: str | None) -> None:
    """Parse the text by the vendor table of the home."""
    vendors = home_vendors()
    vendors.profile(profile)
    try:
        request = parse_request(text, vendors, profile)
    except BadGpuRequest as refusal:
        if not as_json:
            raise
        print_json({"error": refusal.problem, "position": refusal.position, "expected": refusal.expected})
        raise click.exceptions.Exit(int(ExitCode.BAD_INPUT)) from refusal
    if as_json:
        print_json(document(request))
    else:
        out().print(_table(request, vendors, profile))


def document(request: GpuRequest) -> dict[str, object]:
    """The request for machines; memory is MiB on each device."""
    return {
        "count": request.count,
        "model": request.model,
        "fraction": request.fraction,
        "memory": request.memory_mib,
        "vendor": request.vendor,
        "resource_name": request.resource_name,
        "mode": request.mode.value,
    }


def meaning(request: GpuRequest) -> str:
    """What is asked for, in words."""
    if request.mode is Mode.NONE:
        return _("no device")
    if request.mode is Mode.SHARED:
        return _("shared use of a device that others use too; nothing is reserved")
    if request.mode is Mode.FRACTION:
        return _("{share} of one device").format(share=f"{request.fraction:g}")
    if request.partition is not None:
        return ngettext(
            "{count} MIG partition {profile}", "{count} MIG partitions {profile}", request.count
        ).format(count=request.count, profile=request.partition)
    return ngettext("{count} whole device", "{count} whole devices", request.count).format(
        count=request.count
    )


def _table(request: GpuRequest, vendors: VendorTable, profile: str | None) -> Table:
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="dim", no_wrap=True)
    table.add_column()
    for name, value in _rows(request, vendors, profile):
        table.add_row(name, escape(value))
    return table


def _rows(request: GpuRequest, vendors: VendorTable, profile: str | None) -> list[tuple[str, str]]:
    rows = [
        (_("Request"), request.text.strip()),
        (_("Means"), meaning(request)),
        (_("Vendor"), request.vendor),
        (_("Model"), request.model or _("any")),
        (_("Reserved"), _reserved(request)),
        (_("Device memory"), _memory(request, vendors)),
        (_("Apart from others"), _isolation(request, vendors, profile)),
        ("Kubernetes", _kubernetes(request, vendors, profile)),
    ]
    return rows[:4] + rows[-1:] if request.mode is Mode.NONE else rows


def _reserved(request: GpuRequest) -> str:
    if request.mode is Mode.SHARED:
        return _("nothing")
    return _("{units} device units").format(units=f"{request.units_milli / WHOLE_MILLI:g}")


def _memory(request: GpuRequest, vendors: VendorTable) -> str:
    template = template_of(request, vendors)
    if request.mode is Mode.SHARED:
        return _("what the others leave")
    if request.mode is Mode.FRACTION:
        mib = request.memory_mib or (template.memory_mib if template else None)
        return _("not limited") if mib is None else _("{mib} MiB reserved").format(mib=f"{mib:,}")
    if request.memory_mib is None:
        return _("all of each device")
    return _("all of each device, which has {mib} MiB or more").format(mib=f"{request.memory_mib:,}")


def _isolation(request: GpuRequest, vendors: VendorTable, profile: str | None) -> str:
    if request.mode is Mode.WHOLE:
        return _("isolated: nobody else is on the device")
    kind = vendors.kind_of(request.resource_name, request.model)
    share = None if kind is None else vendors.share(kind, vendors.profile(profile))
    if request.mode is Mode.FRACTION and share is not None and share.isolated:
        return _("isolated: hardware keeps the shares apart")
    return _("cooperative: whoever shares the device is trusted to keep to the share")


def _kubernetes(request: GpuRequest, vendors: VendorTable, profile: str | None) -> str:
    try:
        asked = k8s_requests(request, vendors, profile)
    except ImpossibleGpuRequest as refusal:
        return refusal.problem
    return ", ".join(f"{name}: {amount}" for name, amount in asked.items()) or _("nothing")

"""``trainplat model ps``."""

from typing import Any

import click

from resources.home import Home
from resources.serving.client import ModelClient
from resources.serving.running import running
from resources.texts import in_language, mark
from trainplat_cli.command import Command, option
from trainplat_cli.commands.model.shown import size
from trainplat_cli.output import duration, err, out, print_json
from trainplat_cli.tables import show_table
from trainplat_cli.texts import _

PATIENCE_S = 2.0
TIMEOUT_S = 15.0
HELD_BACK = frozenset({"S12", "S13", "S14"})
"""Rules of scaling by which an endpoint has fewer replicas than it needs: others have the devices."""


@click.command(
    cls=Command, help=mark("Show what the model server has loaded, and by which versions endpoints answer.")
)
@option("--json", "as_json", is_flag=True, help=mark("Print the same for machines."))
def ps(as_json: bool) -> None:
    """Show it."""
    home = Home.from_environment()
    there = running(home)
    if there is None and home.addresses().serving is None:
        if as_json:
            print_json({"server": None, "models": [], "endpoints": {}})
        else:
            out().print(_("No model server runs on this home. `trainplat model run` starts one."))
        return
    with ModelClient(home=home, patience_s=PATIENCE_S, timeout_s=TIMEOUT_S) as client:
        address, told = client.address, client.status()
    if as_json:
        process = None if there is None else there.process.pid
        print_json({"server": {"address": address, "process": process}, **told})
        return
    _show_models(told["models"])
    _show_endpoints(told["endpoints"])
    if told["problem"]:
        err().print(in_language(told["problem"], _), markup=False)


def _show_models(models: list[dict[str, Any]]) -> None:
    titles = (_("NAME"), _("DIGEST"), _("SIZE"), _("DEVICE"), _("REPLICAS"), _("STATE"), _("UNTIL"))
    rows = [
        (
            one["reference"],
            one["digest"][:12] or "-",
            size(sum(replica["memory_bytes"] for replica in one["replicas"]) or None),
            ", ".join(sorted({replica["device"] for replica in one["replicas"]})) or "-",
            f"{len(one['replicas'])}/{one['wanted']}",
            _state(one),
            _until(one),
        )
        for one in models
    ]
    if rows:
        show_table(titles, rows)
    else:
        out().print(_("The model server runs, and has loaded no model."))


def _show_endpoints(endpoints: dict[str, dict[str, Any]]) -> None:
    if not endpoints:
        return
    out().print()
    rows = [
        (
            name,
            one["live"] or "-",
            "-" if one["new"] is None else _weight(one),
            f"{one['counts']['live']['requests'] + one['counts']['new']['requests']}",
        )
        for name, one in sorted(endpoints.items())
    ]
    show_table((_("ENDPOINT"), _("LIVE"), _("NEW"), _("REQUESTS")), rows)
    for name, one in sorted(endpoints.items()):
        scaling = one["scaling"]
        if scaling is not None and scaling["rule"] in HELD_BACK:
            out().print(f"{name}: {scaling['sentence']} ({scaling['rule']})", markup=False)


def _weight(one: dict[str, Any]) -> str:
    if one["is_shadow"]:
        return _("{model} in the shadow").format(model=one["new"])
    return f"{one['new']} {one['weight_percent']:.0f} %"


def _state(one: dict[str, Any]) -> str:
    waits = _("waits for devices: {reason}").format(reason=in_language(one["waits"], _))
    if one["replicas"]:
        room = _("makes room for {reason}").format(reason=one["makes_room"])
        told = [_("ready"), room if one["makes_room"] else "", waits if one["waits"] else ""]
        return "; ".join(filter(None, told))
    if one["waits"]:
        return waits
    if one["starting"]:
        return _("loading")
    if one["reason"]:
        return _("failed: {reason}").format(reason=in_language(one["reason"], _))
    return _("unloaded")


def _until(one: dict[str, Any]) -> str:
    if not one["replicas"]:
        return "-"
    if one["unloads_in_s"] is None:
        return _("stays")
    return _("in {time}").format(time=duration(one["unloads_in_s"]))

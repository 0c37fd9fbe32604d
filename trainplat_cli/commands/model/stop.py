"""``trainplat model stop``."""

import click

from resources.home import Home
from resources.serving.client import ModelClient
from resources.serving.references import parse_reference
from resources.serving.running import end
from resources.texts import mark
from trainplat_cli.command import Command, option
from trainplat_cli.output import out, print_json
from trainplat_cli.texts import _

PATIENCE_S = 2.0
TIMEOUT_S = 60.0


@click.command(
    cls=Command,
    help=mark(
        "Unload a model from the model server; one that is deployed comes back with its next request. "
        "With --server, end the server itself."
    ),
)
@click.argument("reference", required=False)
@option("--server", "server", is_flag=True, help=mark("End the model server of this home."))
@option("--json", "as_json", is_flag=True, help=mark("Print the same for machines."))
def stop(reference: str | None, server: bool, as_json: bool) -> None:
    """Stop it."""
    if (reference is None) is not server:
        raise click.UsageError(_("Name a model, or give --server."))
    home = Home.from_environment()
    if reference is None:
        ended = end(home)
        if as_json:
            print_json({"ended": {"address": ended.address, "process": ended.process.pid}})
        else:
            text = _("The model server at {address}, process {pid}, has ended.")
            out().print(text.format(address=ended.address, pid=ended.process.pid), markup=False)
        return
    parse_reference(reference)
    with ModelClient(home=home, patience_s=PATIENCE_S, timeout_s=TIMEOUT_S) as client:
        unloaded = client.unload(reference)
    if as_json:
        print_json({"unloaded": unloaded})
    elif unloaded:
        out().print(_("Unloaded: {models}.").format(models=", ".join(unloaded)), markup=False)
    else:
        out().print(_("{model} was not loaded.").format(model=reference), markup=False)

"""``trainplat model cp``."""

import click

from resources.errors import BadInput
from resources.serving.references import parse_reference
from resources.texts import mark
from trainplat_cli.command import Command, option
from trainplat_cli.commands.gpu.shown import current_actor
from trainplat_cli.commands.model.shown import deployments
from trainplat_cli.output import out, print_json
from trainplat_cli.texts import _


@click.command(
    cls=Command,
    help=mark(
        "Give the model SOURCE one more tag, as in: trainplat model cp digits:7 digits:best-so-far. A tag of "
        "another model moves."
    ),
)
@click.argument("source")
@click.argument("target")
@option("--json", "as_json", is_flag=True, help=mark("Print the same for machines."))
def cp(source: str, target: str, as_json: bool) -> None:
    """Give it."""
    service, wanted = deployments(), parse_reference(source)
    name, colon, tag = target.partition(":")
    if not colon:
        name, tag = wanted.name, target
    if name != wanted.name:
        raise BadInput(
            _("{source} and {target} are models of two data sets; expected one").format(
                source=source, target=target
            ),
            _("Give the tag alone, or name the same data set: {name}:{tag}").format(
                name=wanted.name, tag=tag
            ),
        )
    model = service.references.resolve(wanted)
    service.references.tag(model, tag, current_actor())
    if as_json:
        print_json({"name": model.dataset, "tag": tag, "number": model.number})
        return
    text = _("{name}:{tag} is model {number} now.")
    out().print(text.format(name=model.dataset, tag=tag, number=model.number), markup=False)

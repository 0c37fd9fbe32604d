"""``trainplat trigger``: ask for a training by hand."""

import click

from resources.data.service import DataService
from resources.data.versions.naming import checked_dataset
from resources.home import Home
from resources.texts import mark
from trainplat_cli.command import Command, option
from trainplat_cli.commands.triggers.shown import current_actor, trigger_service, wish_document
from trainplat_cli.output import out, print_json
from trainplat_cli.texts import _, ngettext


@click.command(
    cls=Command,
    help=mark(
        "Ask for a training of DATASET by hand. The next version takes the wish, once; a cool-down and a "
        "budget are waited for, a pause is not."
    ),
)
@click.argument("dataset")
@option("--reason", default="", metavar="TEXT", help=mark("Why, for those who look."))
@option("--withdraw", is_flag=True, help=mark("Take wishes back that no version has taken."))
@option("--json", "as_json", is_flag=True, help=mark("Print the same for machines."))
def trigger(dataset: str, reason: str, withdraw: bool, as_json: bool) -> None:
    """Wish, or take wishes back."""
    of, service, actor = checked_dataset(dataset), trigger_service(), current_actor()
    if withdraw:
        ended = service.withdraw(of, actor)
        if as_json:
            print_json({"dataset": of, "withdrawn": [wish_document(one) for one in ended]})
            return
        text = ngettext("{count} wish is taken back.", "{count} wishes are taken back.", len(ended))
        out().print(text.format(count=len(ended)))
        return
    home = Home.from_environment()
    made = service.wish(of, DataService(home, home.database()).newest_begun(of), reason, actor)
    if as_json:
        print_json(wish_document(made.wish) | {"is_new": made.is_new})
        return
    said = (
        _("Asked for a training of {dataset}. Next: trainplat triggers show {dataset}")
        if made.is_new
        else _(
            "You have asked for a training of {dataset} already, and no version has taken that wish yet: it "
            "stays one wish. Next: trainplat triggers show {dataset}"
        )
    )
    out().print(said.format(dataset=of), markup=False)

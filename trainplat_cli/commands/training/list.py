"""``trainplat training list``."""

import click

from resources.learning.trainings.looking import stands_now
from resources.learning.trainings.standing import State
from resources.learning.trainings.words import sentence, state_in_words
from resources.texts import mark
from trainplat_cli.command import Command, option
from trainplat_cli.commands.gpu.shown import waiting_because
from trainplat_cli.commands.training.shown import coming_document, document, known
from trainplat_cli.output import out, print_json
from trainplat_cli.tables import show_table
from trainplat_cli.texts import _


@click.command("list", cls=Command, help=mark("Show the trainings, those that run first."))
@option("--json", "as_json", is_flag=True, help=mark("Print the same for machines."))
def list(as_json: bool) -> None:  # noqa: A001 - the name of the command
    """Show them."""
    found = known()
    rows = [(one, stands_now(one, found.service.folder(one.id))) for one in found.service.all()]
    rows.sort(key=lambda row: row[1].place)
    coming = found.coming()
    if as_json:
        trainings = [document(one, stands, found.waits(one, stands)) for one, stands in rows]
        print_json({"trainings": trainings, "coming": [coming_document(one) for one in coming]})
        return
    if not rows and not coming:
        out().print(_("No training yet. One appears here once a run of an asset begins it."))
        return
    cells = [
        (
            str(one.id),
            state_in_words(stands.state, _),
            f"{stands.step:,}/{one.plan.steps:,}",
            "-" if stands.point is None else f"{stands.point.loss:.4f}",
            ", ".join(one.last.devices) or "-",
            sentence(one, stands, _),
        )
        for one, stands in rows
    ]
    cells += [
        (
            one.pipeline,
            state_in_words(State.WAITING, _),
            f"0/{one.steps:,}",
            "-",
            one.request.request.text,
            waiting_because(one.request),
        )
        for one in coming
    ]
    show_table((_("training"), _("state"), _("step"), _("loss"), _("devices"), _("what it does")), cells)

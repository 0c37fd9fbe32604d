"""``trainplat training remove``: give the disk back that a training takes."""

import click

from resources.gpu.service import GpuService
from resources.home import Home
from resources.learning.trainings.model import Outcome
from resources.terms import Actor
from resources.texts import mark
from resources.users import current_user
from trainplat_cli.asking import confirm
from trainplat_cli.command import Command, option
from trainplat_cli.commands.training.shown import known
from trainplat_cli.output import out, print_json
from trainplat_cli.texts import _


@click.command(
    cls=Command,
    help=mark(
        "Remove the folder of TRAINING: its checkpoints, curves and log. Its model in MLflow stays. One that "
        "runs, or that an unfinished one starts from, is refused."
    ),
)
@click.argument("training")
@option("--yes", is_flag=True, help=mark("Do not ask."))
@option("--json", "as_json", is_flag=True, help=mark("Print the same for machines."))
def remove(training: str, yes: bool, as_json: bool) -> None:
    """Ask, and remove it."""
    found = known()
    one = found.service.named(training)
    if not yes:
        question = _(
            "Remove {training} with its checkpoints? It cannot be gone on from, nor started from, after that."
        )
        asked = question.format(training=one.id)
        if one.model is None and one.end is not None and one.end.outcome is Outcome.DONE:
            asked = _("It is finished, and no model in MLflow: its weights are nowhere else.") + f" {asked}"
        confirm(asked)
    at_work = GpuService(Home.from_environment().database()).runs_at_work()
    gone = found.service.remove(one.id, at_work, Actor(f"user:{current_user()}"))
    if as_json:
        print_json({"training": str(gone.id), "bytes": gone.size_bytes})
        return
    size = f"{gone.size_bytes / 1e6:,.1f} MB"
    out().print(_("{training} is removed: {size}.").format(training=gone.id, size=size), markup=False)

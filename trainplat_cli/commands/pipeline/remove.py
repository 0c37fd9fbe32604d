"""``trainplat pipeline remove``: take a pipeline's file away."""

import click

from resources.errors import TrainplatError
from resources.pipelines.removing import refuse_running
from resources.texts import mark
from trainplat_cli.asking import confirm
from trainplat_cli.command import Command, option
from trainplat_cli.commands.pipeline.shown import current_actor, pipeline_service, runs_of_stack
from trainplat_cli.output import err, out, print_json
from trainplat_cli.texts import _


@click.command(
    cls=Command,
    help=mark(
        "Remove the file of the pipeline NAME. What it made stays: models, data sets, runs, and its text as "
        "a version. One that another pipeline names, or that runs, is refused."
    ),
)
@click.argument("name")
@option("--yes", is_flag=True, help=mark("Do not ask."))
@option("--json", "as_json", is_flag=True, help=mark("Print the same for machines."))
def remove(name: str, yes: bool, as_json: bool) -> None:
    """Ask, and remove it."""
    service, runs = pipeline_service(), runs_of_stack()
    service.refuse_used(name)
    refuse_running(runs, name)
    if not yes:
        question = _("Remove the pipeline {name}? What it made stays.").format(name=name)
        confirm(question)
    gone = service.remove(name, current_actor())
    if runs is not None:
        try:
            runs.reload()
        except TrainplatError as problem:
            err().print(problem.one_line, markup=False)
    if as_json:
        print_json({"name": name, "version": gone.version, "file": str(gone.path), "left": list(gone.left)})
        return
    out().print(_("{name} is removed: {path}").format(name=name, path=gone.path), markup=False)
    if gone.left:
        left = ", ".join(gone.left)
        out().print(_("Beside its file these stay: {left}").format(left=left), markup=False)

"""``trainplat pipeline list``: all of them, a row each."""

import click

from resources.pipelines.folder import Broken, Folder
from resources.pipelines.runs import STATE_WORDS, PipelineRun
from resources.pipelines.service import Listed
from resources.texts import mark
from trainplat_cli.command import Command, option
from trainplat_cli.commands.gpu.shown import moment
from trainplat_cli.commands.pipeline.shown import (
    listed_document,
    newest_runs,
    pipeline_service,
    tell_of_unread,
)
from trainplat_cli.output import out, print_json
from trainplat_cli.tables import show_table
from trainplat_cli.texts import _


@click.command(
    cls=Command, help=mark("List the pipelines, with their versions and what their last runs came to.")
)
@option("--json", "as_json", is_flag=True, help=mark("Print the same for machines."))
def listing(as_json: bool) -> None:
    """List them."""
    found = list(pipeline_service().listed())
    runs = newest_runs(one.pipeline.name for one in found)
    tell_of_unread(Folder.from_environment())
    if as_json:
        print_json({"pipelines": [listed_document(one, runs.get(one.pipeline.name)) for one in found]})
        return
    if not found:
        out().print(_("There is no pipeline yet. `trainplat pipeline new` makes one."))
        return
    titles = [_("NAME"), _("TEMPLATE"), _("VERSION"), _("STATE"), _("OWNER"), _("MADE"), _("TITLE")]
    show_table(titles, [_row(one, runs.get(one.pipeline.name)) for one in found])


def _row(one: Listed, run: PipelineRun | None) -> list[str]:
    pipeline = one.pipeline
    if isinstance(pipeline, Broken):
        told = pipeline.problem.problem.splitlines()[0]
        return [pipeline.name, "-", "-", _("broken"), "-", "-", told]
    return [
        pipeline.name,
        pipeline.template.name,
        str(one.number),
        "-" if run is None else _(STATE_WORDS[run.state]),
        pipeline.spec.owner,
        moment(one.versions[0].made_at) if one.versions else "-",
        pipeline.spec.title,
    ]

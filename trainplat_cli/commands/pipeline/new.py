"""``trainplat pipeline new``: a pipeline from a template."""

from pathlib import Path

import click

from resources.pipelines.catalogue import TEMPLATES, template
from resources.pipelines.folder import Folder
from resources.pipelines.reading import read_pipeline
from resources.pipelines.texts import text_of
from resources.pipelines.writing import file_text
from resources.texts import mark
from trainplat_cli.command import Command, option
from trainplat_cli.commands.pipeline.shown import assignments, current_actor, pipeline_service
from trainplat_cli.output import out, print_json
from trainplat_cli.texts import _


@click.command(
    cls=Command,
    help=mark(
        "Make the pipeline NAME from TEMPLATE, such as pretrain or evaluation. "
        "`trainplat pipeline schema TEMPLATE` tells its parameters."
    ),
)
@click.argument("template_name", metavar="TEMPLATE", type=click.Choice(sorted(TEMPLATES)))
@click.argument("name")
@option("--set", "given", multiple=True, metavar="NAME=VALUE", help=mark("A parameter, as its file says it."))
@option(
    "--from",
    "source",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help=mark("A file of YAML or JSON to begin with."),
)
@option("--force", is_flag=True, help=mark("Write over a pipeline of that name."))
@option("--json", "as_json", is_flag=True, help=mark("Print the same for machines."))
def new(
    template_name: str, name: str, given: tuple[str, ...], source: Path | None, force: bool, as_json: bool
) -> None:
    """Check it, and write its file."""
    chosen = template(template_name)
    parameters = assignments(chosen, given)
    if source is None:
        text = file_text(chosen, parameters)
    else:
        text = text_of(source)
        if parameters:
            known = read_pipeline(name, text, source).spec.model_dump(mode="json", exclude_unset=True)
            text, source = file_text(chosen, {**known, **parameters}), None
    made = pipeline_service().make(name, text, current_actor(), force=force, source=source)
    path = Folder.from_environment().file(name)
    if as_json:
        print_json(
            {
                "name": name,
                "template": made.template,
                "version": made.number,
                "content": made.content_hash,
                "file": str(path),
            }
        )
        return
    out().print(
        _("{name} is made, version {number}: {path}").format(name=name, number=made.number, path=path),
        markup=False,
    )
    following = (
        _("Next: trainplat pipeline run {name}")
        if made.template != "loop"
        else _("Next: trainplat up, which plans its first version; then trainplat trigger {name}")
    )
    out().print(following.format(name=name), markup=False)

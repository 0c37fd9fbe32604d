"""``trainplat pipeline run``: run a pipeline, with parameters of this run."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import click

from resources.errors import BadInput
from resources.gpu.service import GpuService
from resources.home import Home
from resources.pipelines.model import Pipeline
from resources.pipelines.parameters import run_config, run_tags, with_parameters
from resources.pipelines.preview import DEFAULT_PROJECT, preview
from resources.pipelines.references import unmet
from resources.pipelines.specs.common import RunSpec
from resources.pipelines.tags import PIPELINE
from resources.texts import mark
from trainplat_cli.command import Command, option
from trainplat_cli.commands.gpu.simulate import OUTCOMES
from trainplat_cli.commands.pipeline.shown import (
    assignments,
    current_actor,
    pipeline_service,
    runs_of_stack,
)
from trainplat_cli.here import run_here, verbose_option
from trainplat_cli.output import out, print_json
from trainplat_cli.tables import show_facts
from trainplat_cli.texts import _


@click.command(
    cls=Command,
    help=mark(
        "Run the pipeline NAME: on the stack of this home where it runs, else in this process, which ends "
        "with the run. `--preview` shows the devices that it would get, and runs nothing."
    ),
)
@click.argument("name")
@option(
    "--set",
    "given",
    multiple=True,
    metavar="NAME=VALUE",
    help=mark("A parameter that this run has otherwise than the file."),
)
@option("--project", help=mark("On whose quota it runs, where the file says otherwise."))
@option("--preview", "only_preview", is_flag=True, help=mark("Show what would happen, and run nothing."))
@option("--here", is_flag=True, help=mark("In this process, also where the stack runs."))
@verbose_option
@option("--json", "as_json", is_flag=True, help=mark("Print the same for machines."))
def run(
    name: str,
    given: tuple[str, ...],
    project: str | None,
    only_preview: bool,
    here: bool,
    verbose: bool,
    as_json: bool,
) -> None:
    """Check the parameters, and start it."""
    service = pipeline_service()
    pipeline = service.folder.read(name)
    parameters = assignments(pipeline.template, given) | ({} if project is None else {"project": project})
    spec = with_parameters(pipeline, parameters)
    if only_preview:
        _show_preview(pipeline, spec, as_json=as_json)
        return
    if not isinstance(spec, RunSpec):
        raise BadInput(
            _("{name} is a loop, which starts its runs by itself").format(name=name),
            _("Ask for a training by hand: trainplat trigger {name}").format(name=name),
        )
    missing = unmet(replace(pipeline, spec=spec), service.folder)
    if missing:
        raise BadInput(
            _("{name} cannot be run: {problems}").format(
                name=name, problems="; ".join(one.message for one in missing)
            ),
            _("Correct its file: trainplat pipeline check {name} shows each place.").format(name=name),
        )
    version = service.seen(pipeline, current_actor())
    document: dict[str, Any] = {"pipeline": name, "version": version.number, "parameters": parameters}
    runs = None if here else runs_of_stack()
    if runs is not None:
        run_id = runs.start(pipeline, parameters)
        document |= {"run": run_id, "address": runs.run_address(run_id)}
        told = _("The run of {name} is {address}").format(name=name, address=runs.run_address(run_id))
    else:
        _execute(pipeline, parameters, verbose=verbose)
        told = _("{name} has run.").format(name=name)
    if as_json:
        print_json(document)
    else:
        out().print(told, markup=False)


def _show_preview(pipeline: Pipeline, spec: Any, *, as_json: bool) -> None:
    found = preview(GpuService(Home.from_environment().database()), spec)
    if as_json:
        print_json(
            {
                "pipeline": pipeline.name,
                "request": found.request.text,
                "project": spec.project or DEFAULT_PROJECT,
                "outcome": found.outcome,
                "rule": found.why.rule,
                "reason": found.why.text,
                "devices": list(found.devices),
                "expected_at": found.expected_at,
                "waiting_before": found.waiting_before,
            }
        )
        return
    show_facts(
        [
            (_("Request"), found.request.text),
            (_("Project"), spec.project or DEFAULT_PROJECT),
            (_("Outcome"), _(OUTCOMES[found.outcome])),
            (_("Because"), f"{found.why.rule}: {found.why.translated(_)}"),
            (_("Devices"), ", ".join(found.devices) or "-"),
            (_("Wait already"), str(found.waiting_before)),
        ]
    )


def _execute(pipeline: Pipeline, parameters: Mapping[str, Any], *, verbose: bool) -> None:
    tags = run_tags(pipeline, parameters)
    if parameters:
        tags[f"{PIPELINE}_parameters"] = json.dumps(dict(parameters), sort_keys=True)
    run_here(
        Home.from_environment(),
        pipeline.job,
        _("the run of {name} failed").format(name=pipeline.name),
        config=run_config(pipeline, parameters),
        tags=tags,
        verbose=verbose,
    )

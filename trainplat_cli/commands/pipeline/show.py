"""``trainplat pipeline show``: one pipeline, its parameters, versions and runs."""

import json
from typing import Any

import click

from resources.errors import TrainplatError
from resources.pipelines.runs import STATE_WORDS, PipelineRun
from resources.pipelines.service import Listed
from resources.texts import mark
from trainplat_cli.command import Command, option
from trainplat_cli.commands.gpu.shown import moment
from trainplat_cli.commands.pipeline.shown import (
    listed_document,
    pipeline_service,
    runs_of_stack,
    version_document,
)
from trainplat_cli.output import out, print_json
from trainplat_cli.tables import show_facts, show_table
from trainplat_cli.texts import _


@click.command(cls=Command, help=mark("Show the pipeline NAME: its parameters, its versions, its runs."))
@click.argument("name")
@option("--json", "as_json", is_flag=True, help=mark("Print the same for machines."))
def show(name: str, as_json: bool) -> None:
    """Show it."""
    service = pipeline_service()
    pipeline = service.folder.read(name)
    one, runs = Listed(pipeline, service.versions(name)), _runs(name)
    parameters = pipeline.spec.model_dump(mode="json")
    if as_json:
        print_json(
            {
                **listed_document(one, runs[0] if runs else None),
                "parameters": parameters,
                "versions": [version_document(version) for version in one.versions],
                "runs": [run_document(run) for run in runs],
            }
        )
        return
    facts = [
        (_("Template"), pipeline.template.name),
        (_("Version"), f"{one.number} ({pipeline.content_hash})"),
        (_("Owner"), pipeline.spec.owner),
        (_("File"), str(pipeline.path)),
        (_("Job"), pipeline.job),
    ]
    show_facts(facts + [(name, json.dumps(value, ensure_ascii=False)) for name, value in parameters.items()])
    if one.versions:
        out().print()
        titles = [_("VERSION"), _("CONTENT"), _("MADE"), _("BY")]
        show_table(
            titles,
            [
                [str(version.number), version.content_hash, moment(version.made_at), version.actor]
                for version in one.versions
            ],
        )
    if runs:
        out().print()
        show_table(
            [_("RUN"), _("STATE"), _("BEGAN"), _("PARAMETERS")],
            [
                [
                    run.run_id[:8],
                    _(STATE_WORDS[run.state]),
                    moment(run.created_at),
                    ", ".join(f"{key}={value}" for key, value in run.parameters.items()) or "-",
                ]
                for run in runs
            ],
        )


def run_document(run: PipelineRun) -> dict[str, Any]:
    """A run for machines."""
    return {
        "run": run.run_id,
        "state": run.state,
        "created_at": run.created_at,
        "ended_at": run.ended_at,
        "parameters": dict(run.parameters),
        "reason": run.reason,
        "steps": [
            {"key": step.key, "state": step.state, "began_at": step.began_at, "ended_at": step.ended_at}
            for step in run.steps
        ],
    }


def _runs(name: str) -> tuple[PipelineRun, ...]:
    runs = runs_of_stack()
    try:
        return () if runs is None else runs.of_pipeline(name)
    except TrainplatError:
        return ()

"""What the commands on pipelines share."""

from collections.abc import Iterable
from typing import Any

from resources.errors import BadInput, TrainplatError
from resources.home import Home
from resources.pipelines.catalogue import Template
from resources.pipelines.folder import Broken, Folder
from resources.pipelines.runs import PipelineRun, PipelineRuns
from resources.pipelines.service import Listed, PipelineService, PipelineVersion
from resources.pipelines.writing import value_of
from resources.terms import Actor
from resources.users import current_user
from trainplat_cli.output import err
from trainplat_cli.texts import _


def pipeline_service() -> PipelineService:
    """The pipelines of the environment."""
    return PipelineService(Folder.from_environment(), Home.from_environment().database())


def tell_of_unread(folder: Folder) -> None:
    """Warn of a folder that is not there, and of files that no pipeline is read from."""
    for said in folder.unread():
        err().print(_("Warning: {what}").format(what=said), markup=False)


def current_actor() -> Actor:
    """Who types the command."""
    return Actor(f"user:{current_user()}")


def runs_of_stack() -> PipelineRuns | None:
    """Dagster, where it runs as part of this home."""
    address = Home.from_environment().addresses().dagster
    return None if address is None else PipelineRuns(address)


def newest_runs(names: Iterable[str]) -> dict[str, PipelineRun]:
    """The newest run of each of these pipelines; none where Dagster does not run or answer."""
    runs = runs_of_stack()
    try:
        return {} if runs is None else runs.newest(names)
    except TrainplatError:
        return {}


def assignments(template: Template, given: Iterable[str]) -> dict[str, Any]:
    """``--set steps=100`` as parameters: values are read as YAML, unless the parameter is a text."""
    found: dict[str, Any] = {}
    for one in given:
        name, equals, value = one.partition("=")
        if not equals or not name:
            raise BadInput(
                _("--set is {given!r}; expected NAME=VALUE").format(given=one),
                _("Such as --set steps=100, or --set 'seeds=[1, 2]'."),
            )
        found[name] = value_of(template, name, value)
    return found


def listed_document(one: Listed, run: PipelineRun | None) -> dict[str, Any]:
    """A pipeline for machines."""
    pipeline = one.pipeline
    if isinstance(pipeline, Broken):
        return {
            "name": pipeline.name,
            "state": "broken",
            "file": str(pipeline.path),
            "problem": pipeline.problem.problem,
        }
    current = one.current
    return {
        "name": pipeline.name,
        "template": pipeline.template.name,
        "title": pipeline.spec.title,
        "owner": pipeline.spec.owner,
        "version": one.number,
        "content": pipeline.content_hash,
        "is_numbered": current is not None,
        "made_at": one.versions[0].made_at if one.versions else None,
        "changed_at": None if current is None else current.made_at,
        "state": None if run is None else run.state,
        "run": None if run is None else run.run_id,
        "job": pipeline.job,
        "file": str(pipeline.path),
    }


def version_document(one: PipelineVersion) -> dict[str, Any]:
    """A version for machines."""
    return {
        "number": one.number,
        "content": one.content_hash,
        "made_at": one.made_at,
        "actor": one.actor,
        "text": one.text,
    }

"""Pipelines of a folder, as definitions, and runs of their jobs in this process."""

from pathlib import Path

from dagster import DagsterInstance, Definitions, ExecuteInProcessResult

from resources.gpu.resource import GpuResource
from resources.pipelines.catalogue import TEMPLATES
from resources.pipelines.folder import Folder
from trainplat_assets.templates.loading import build_pipeline_definitions

SMALL = """\
  task: table
  steps: 20
  batch_size: 16
  settings: {layers: 1, width: 8}
"""


def declare(folder: Path, name: str, template: str, attributes: str) -> None:
    """Write the file of a pipeline; the lines of its attributes are indented."""
    path = folder / name / "defs.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"type: {TEMPLATES[template].type}\nattributes:\n{attributes}")


def definitions(folder: Path) -> Definitions:
    """All of them, with what they draw on."""
    return Definitions.merge(
        build_pipeline_definitions(Folder(folder)), Definitions(resources={"gpu": GpuResource()})
    )


def run(
    folder: Path, job: str, instance: DagsterInstance, *, raise_on_error: bool = True
) -> ExecuteInProcessResult:
    """One job of them."""
    found = definitions(folder).resolve_job_def(job)
    return found.execute_in_process(instance=instance, raise_on_error=raise_on_error)


def metadata_of(result: ExecuteInProcessResult, step: str) -> dict[str, object]:
    """The plain values that a step told."""
    (event,) = [
        one
        for one in result.get_asset_materialization_events()
        if one.asset_key and one.asset_key.path[-1] == step
    ]
    return {name: value.value for name, value in event.materialization.metadata.items()}


def failure_of(result: ExecuteInProcessResult) -> str:
    """What the failed step says."""
    (event,) = result.filter_events(lambda one: one.is_step_failure)
    data = event.step_failure_data
    return "" if data is None or data.user_failure_data is None else str(data.user_failure_data.description)

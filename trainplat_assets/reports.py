"""Reports: notebooks that run when a round is decided, to be read in Dagster's UI."""

from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlencode

from dagster import (
    AssetKey,
    AssetsDefinition,
    AssetSelection,
    AutomationCondition,
    AutomationConditionSensorDefinition,
    DefaultSensorStatus,
    Failure,
    MaterializeResult,
    MetadataValue,
    OpExecutionContext,
    asset,
)

from resources.data.partitions import versions_partitions
from resources.data.spec import DatasetSpec
from resources.files import write_atomically
from trainplat_assets.comparison.notebook import NotebookFailed, execute

OWNERS = ["team:ml"]
NOTEBOOK = Path(__file__).parents[1] / "notebooks" / "compare_models.ipynb"
LOCATION = "trainplat"
"""The code location that can read reports of runs that do not name theirs, such as those of the CLI."""
MINIMUM_INTERVAL_S = 15


def build_report_assets(spec: DatasetSpec) -> list[AssetsDefinition]:
    """The asset ``comparison`` of a data set, a notebook, partitioned by its versions."""
    return [_comparison_asset(spec)]


def build_report_sensors(spec: DatasetSpec) -> Sequence[AutomationConditionSensorDefinition]:
    """The sensor ``<dataset>_reports``: each round that is decided gets its report, by itself."""
    return [
        AutomationConditionSensorDefinition(
            f"{spec.name}_reports",
            target=AssetSelection.groups(f"{spec.name}_reports"),
            default_status=DefaultSensorStatus.RUNNING,
            minimum_interval_seconds=MINIMUM_INTERVAL_S,
            description=f"Runs the reports of {spec.title.lower()} when a round is decided.",
        )
    ]


def report_file(storage: Path, spec: DatasetSpec, version: str) -> Path:
    """Where the executed notebook of one version is kept, in the instance's ``storage``.

    The web server asks the code server for it, which gives out what lies below its own working directory: the
    home under ``trainplat up``, the checkout under ``dagster dev``. The instance's storage is in both.
    """
    return storage / spec.name / "comparison" / f"{version}.ipynb"


def _comparison_asset(spec: DatasetSpec) -> AssetsDefinition:
    @asset(
        key=AssetKey([spec.name, "comparison"]),
        deps=[AssetKey([spec.name, "champion"])],
        partitions_def=versions_partitions(spec.name),
        group_name=f"{spec.name}_reports",
        kinds={"jupyter"},
        owners=OWNERS,
        required_resource_keys={"data", "registry"},
        automation_condition=AutomationCondition.eager(),
        description=(
            "A notebook that compares the models of all versions up to this one: "
            f"{spec.kind.measure.words} by version, what each takes for what, recall by class, and the test "
            "samples that the new model fixed and broke. "
            "It runs by itself when a round is decided; its source is notebooks/compare_models.ipynb."
        ),
    )
    def comparison(context: OpExecutionContext) -> MaterializeResult[None]:
        version = context.partition_key
        file = report_file(Path(context.instance.storage_directory()), spec, version)
        try:
            executed = execute(context, NOTEBOOK, {"dataset": spec.name, "version": version})
        except NotebookFailed as problem:
            failed = file.with_suffix(".failed.ipynb")
            write_atomically(failed, problem.executed)
            raise Failure(
                problem.one_line,
                metadata={"executed_notebook": MetadataValue.notebook(str(failed))},
                allow_retries=False,
            ) from problem
        write_atomically(file, executed.content)
        return MaterializeResult(
            metadata={
                "executed_notebook": MetadataValue.notebook(str(file)),
                "report": MetadataValue.md(f"[Open the executed notebook]({_page(context, file)})"),
                "reading": MetadataValue.md(executed.reading),
            }
        )

    return comparison


def _page(context: OpExecutionContext, file: Path) -> str:
    """Where the web server that shows this link renders the notebook.

    The pages of assets and runs show a notebook's path, and no button that opens it.
    """
    origin = context.run.remote_job_origin
    location = origin.location_name if origin is not None else LOCATION
    return f"/notebook?{urlencode({'path': str(file), 'repoLocName': location})}"

"""Rounds of a small data set, run through Dagster in this process with MLflow's store in the home."""

from dataclasses import replace
from pathlib import Path

from dagster import DagsterInstance, ExecuteInProcessResult, materialize

from resources.data.partitions import versions_partitions
from resources.data.resource import DataResource
from resources.data.results.service import ResultService
from resources.data.service import DataService
from resources.gpu.resource import GpuResource
from resources.home import Home
from resources.registry.client import Mlflow
from resources.registry.resource import MlflowResource
from resources.registry.service import RegistryService
from resources.terms import FIRST_VERSION, VersionKey
from tests.resources.data.shapes import ACTOR, SHAPES, answers, write_source
from trainplat_assets.batch_assets import build_batch_asset
from trainplat_assets.model_assets import build_model_assets
from trainplat_assets.model_checks import build_model_checks

SPEC = replace(SHAPES, first_labelled=12, test_count=16, most_forgotten=0.25)
"""With so few test images, a few of them are many points."""
IMAGES = 60


def data_service(home: Path) -> DataService:
    """The data of a home."""
    return DataService(Home(home), Home(home).database())


def registry_service(home: Path) -> RegistryService:
    """The registry of a home."""
    return RegistryService(Home(home), Home(home).database())


def results_service(home: Path) -> ResultService:
    """The results of a home."""
    return ResultService(Home(home), Home(home).database())


def mlflow_tags(home: Path, number: int) -> dict[str, str]:
    """The tags of a model version in MLflow's store in the home."""
    client = Mlflow(Home(home))._client()
    return dict(client.get_model_version(SPEC.name, str(number)).tags)


def make_first(home: Path) -> DataService:
    """The first version, up to its snapshot."""
    data = data_service(home)
    write_source(data.source_folder(SPEC.name), range(IMAGES))
    data.plan_first(SPEC, ACTOR)
    data.make(SPEC, FIRST_VERSION, ACTOR)
    return data


def make_next(data: DataService, count: int = 6) -> VersionKey:
    """The version after the newest, with ``count`` labels more."""
    newest = data.versions(SPEC.name)[-1].version
    planned = data.plan_next(SPEC, answers(data, newest, count), ACTOR)
    data.make(SPEC, planned.version, ACTOR)
    return planned.version


def run_round(version: VersionKey, *, raise_on_error: bool = True) -> ExecuteInProcessResult:
    """Materialize the model assets of one version, with their checks."""
    with DagsterInstance.ephemeral() as instance:
        instance.add_dynamic_partitions(str(versions_partitions(SPEC.name).name), [version])
        return materialize(
            [*build_model_assets(SPEC), *build_model_checks(SPEC)],
            partition_key=version,
            instance=instance,
            resources={"data": DataResource(), "gpu": GpuResource(), "registry": MlflowResource()},
            raise_on_error=raise_on_error,
        )


def run_batch(version: VersionKey) -> ExecuteInProcessResult:
    """Let the live model answer all samples of a version."""
    with DagsterInstance.ephemeral() as instance:
        instance.add_dynamic_partitions(str(versions_partitions(SPEC.name).name), [version])
        return materialize(
            [build_batch_asset(SPEC)],
            partition_key=version,
            instance=instance,
            resources={"data": DataResource(), "gpu": GpuResource(), "registry": MlflowResource()},
        )


def metadata_of(result: ExecuteInProcessResult, asset: str) -> dict[str, object]:
    """The plain values of an asset's metadata."""
    events = result.get_asset_materialization_events()
    (event,) = [one for one in events if one.asset_key and one.asset_key.path[-1] == asset]
    return {name: value.value for name, value in event.materialization.metadata.items()}

"""A component whose YAML asks for devices, through to what its run asks for."""

import traceback
from collections.abc import Mapping

import pytest
from dagster import (
    AssetExecutionContext,
    Component,
    ComponentLoadContext,
    DagsterInstance,
    DagsterRun,
    Definitions,
    Model,
    Resolvable,
    asset,
    define_asset_job,
)
from dagster.components.core.component_tree import ComponentTreeException
from dagster.components.testing import create_defs_folder_sandbox
from pydantic import Field

from resources.gpu.model import Terms
from resources.gpu.resource import Asked, requested
from trainplat_assets.gpu_field import GpuField

pytestmark = [
    # What Dagster itself uses to load a component.
    pytest.mark.filterwarnings("ignore:.*parse_obj_as.*:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::dagster.BetaWarning"),
]


class Trained(Component, Model, Resolvable):
    """One asset that says where it runs."""

    name: str
    gpu: GpuField = Field(default_factory=dict)

    def build_defs(self, context: ComponentLoadContext) -> Definitions:  # noqa: ARG002
        """The asset and its job."""

        @asset(name=self.name, op_tags=dict(self.gpu))
        def trained(context: AssetExecutionContext) -> None:
            context.log.info("trained")

        return Definitions(assets=[trained], jobs=[define_asset_job(f"{self.name}_job", [self.name])])


def definitions(yaml: Mapping[str, object]) -> Definitions:
    with create_defs_folder_sandbox() as sandbox:
        defs_path = sandbox.scaffold_component(Trained, defs_yaml_contents=dict(yaml))
        with sandbox.load_component_and_build_defs(defs_path=defs_path) as (_, built):
            return built


def component(gpu: object) -> dict[str, object]:
    return {
        "type": f"{Trained.__module__}.{Trained.__name__}",
        "attributes": {"name": "toy", "gpu": gpu},
    }


def asks(built: Definitions) -> Asked:
    from dagster._core.execution.api import create_execution_plan

    job = built.resolve_job_def("toy_job")
    with DagsterInstance.ephemeral() as instance:
        run: DagsterRun = instance.create_run_for_job(job, execution_plan=create_execution_plan(job))
        return requested(run, instance)


@pytest.mark.parametrize(
    ("gpu", "asked"),
    [
        pytest.param("2(V100)", ("2(V100)", Terms()), id="a request string"),
        pytest.param(1, ("1", Terms()), id="a number, as YAML reads 1"),
        pytest.param(0.5, ("0.5", Terms()), id="a fraction"),
        pytest.param(
            {
                "request": "2(V100)",
                "priority": 5,
                "preemptible": True,
                "max_runtime_s": 7200,
                "cpus": 8,
                "memory": "64G",
            },
            (
                "2(V100)",
                Terms(
                    priority=5,
                    preemptible=True,
                    max_runtime_s=7200.0,
                    cpu_milli=8000,
                    host_memory_mib=65536,
                ),
            ),
            id="with terms",
        ),
    ],
)
def test_a_run_of_a_component_asks_for_what_its_yaml_says(gpu: object, asked: tuple[str, Terms]) -> None:
    found = asks(definitions(component(gpu)))
    assert (found.text, found.terms) == asked


def test_a_value_that_says_nothing_is_refused_when_the_yaml_is_read() -> None:
    with pytest.raises(ComponentTreeException) as refused:
        definitions(component({"request": 1, "priority": "high"}))
    assert "priority" in "".join(traceback.format_exception(refused.value))

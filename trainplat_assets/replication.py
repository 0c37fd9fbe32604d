"""Replication by itself: what the rules say is to be at a second remote goes there, and the lag is told."""

from dagster import (
    AssetExecutionContext,
    AssetKey,
    AssetsDefinition,
    AssetSelection,
    Definitions,
    MaterializeResult,
    asset,
    define_asset_job,
    in_process_executor,
)

from resources.data.resource import DataResource
from resources.terms import Actor
from sensors.replication import build_replication_sensor
from trainplat_assets.tables import table

KEY = AssetKey(["data", "replicas"])
GROUP = "data_replicas"
OWNERS = ["team:platform"]


def build_replication_definitions() -> Definitions:
    """The asset ``data/replicas``, its job, and the sensor ``data_replication``, which is on."""
    job = define_asset_job(
        "data_replication_round",
        selection=AssetSelection.groups(GROUP),
        executor_def=in_process_executor,
        description="Brings versions to the second remotes that the rules name.",
    )
    return Definitions(assets=[build_replicas_asset()], jobs=[job], sensors=[build_replication_sensor(job)])


def build_replicas_asset() -> AssetsDefinition:
    """What the second remotes have after one round."""

    @asset(
        key=KEY,
        group_name=GROUP,
        kinds={"dvc"},
        owners=OWNERS,
        description=(
            "The versions at the second remotes: those that the rules of `trainplat data remote replicate` "
            "name and that are not there yet are pushed. A remote that does not answer is told, and tried "
            "again."
        ),
    )
    def replicas(context: AssetExecutionContext, data: DataResource) -> MaterializeResult:  # type: ignore[type-arg]  # Dagster understands no other form
        replication = data.replication()
        done = replication.run(Actor(f"run:{context.run.run_id}"))
        for one in done:
            if one.problem is not None:
                context.log.warning("%s to %s: %s", one.lag.dataset, one.lag.remote, one.problem)
        lags = replication.lags()
        return MaterializeResult(
            metadata={
                "versions_pushed": sum(len(one.pushed.versions) for one in done if one.pushed is not None),
                "bytes_sent": sum(one.pushed.sent_bytes for one in done if one.pushed is not None),
                "versions_behind": sum(one.behind for one in lags),
                "replicas": table(
                    [
                        {
                            "data set": one.dataset,
                            "remote": one.remote,
                            "behind": one.behind,
                            "since": "-" if one.since is None else f"{one.since:%Y-%m-%d %H:%M} UTC",
                        }
                        for one in lags
                    ]
                ),
            }
        )

    return replicas

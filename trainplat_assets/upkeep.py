"""Upkeep by itself: rules of retention, of trainings too, one slice of the scrub, and collecting."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from dagster import (
    AssetCheckResult,
    AssetCheckSpec,
    AssetExecutionContext,
    AssetKey,
    AssetsDefinition,
    AssetSelection,
    DefaultScheduleStatus,
    Definitions,
    MaterializeResult,
    MetadataValue,
    ScheduleDefinition,
    asset,
    define_asset_job,
    in_process_executor,
)

from resources.data.collecting.gc import Collected
from resources.data.collecting.scrubbing import Scrubbed
from resources.data.places.replication import ReplicaLook
from resources.data.resource import DataResource
from resources.data.retention.model import Plan
from resources.data.tiers.moving import Applied
from resources.errors import TrainplatError
from resources.gpu.service import GpuService
from resources.home import Home
from resources.learning.trainings.retention import Rule
from resources.learning.trainings.service import Removed, TrainingService
from resources.serving.aligning import Realigned, align
from resources.terms import Actor
from trainplat_assets.tables import table

KEY = AssetKey(["data", "upkeep"])
GROUP = "data_upkeep"
OWNERS = ["team:platform"]
CHECK = "store_is_whole"
CRON = "25 */6 * * *"
"""Four times a day, in UTC: what the scrub reads is sized by the time since it last did."""

SHOWN = 5
"""Names in a sentence; the table has all."""
Metadata = dict[str, MetadataValue[Any] | float | int | str | bool]
_Done = TypeVar("_Done")


def build_upkeep_definitions() -> Definitions:
    """The asset ``data/upkeep`` with its check, its job, and the schedule ``data_upkeep``, which is on."""
    job = define_asset_job(
        "data_upkeep_round",
        selection=AssetSelection.groups(GROUP),
        executor_def=in_process_executor,
        description=(
            "Applies the rules of retention and of tiers, reads a part of the store, collects, and removes "
            "old trainings."
        ),
    )
    schedule = ScheduleDefinition(
        name="data_upkeep",
        job=job,
        cron_schedule=CRON,
        execution_timezone="UTC",
        default_status=DefaultScheduleStatus.RUNNING,
        description=(
            "Keeps the store of versions whole and small. Turned off, nothing is retired by rule, nothing is "
            "collected, and no damage is found before somebody needs what is damaged."
        ),
    )
    return Definitions(assets=[build_upkeep_asset()], jobs=[job], schedules=[schedule])


def build_upkeep_asset() -> AssetsDefinition:
    """What the store of versions looks like after one round of upkeep."""

    @asset(
        key=KEY,
        group_name=GROUP,
        kinds={"dvc"},
        owners=OWNERS,
        check_specs=[
            AssetCheckSpec(
                CHECK,
                asset=KEY,
                description=(
                    "All that was read is what its name says, or was brought back from trash or a remote; "
                    "else each damaged object is named with every version that it touches. Second remotes "
                    "that were asked have what they had, and no part of the round failed."
                ),
            )
        ],
        description=(
            "The store of versions, kept whole and small: versions that no rule keeps are retired and "
            "abandoned branches closed, versions go to the tiers that the rules say, the next part of the "
            "store is read and mended, what no version needs is let go in two phases, and second remotes are "
            "asked whether they still have what they had. Folders of large trainings that the rule for them "
            "keeps no longer are removed. All objects, and all packs of the warm tier, are "
            "read every 14 days."
        ),
    )
    def upkeep(context: AssetExecutionContext, data: DataResource) -> MaterializeResult:  # type: ignore[type-arg]  # with checks Dagster understands no other form
        actor, trouble = Actor(f"run:{context.run.run_id}"), _Trouble()
        nothing: list[Plan] = []
        retained = trouble.told("retention", lambda: data.retention().apply(actor), nothing)
        moved = trouble.told("tiers", lambda: data.tiers().apply(actor), Applied())
        # Before collecting, which does nothing while a version's list of files is missing.
        keeper = data.collecting()
        scrubbed = trouble.told("scrub", lambda: keeper.scrub(actor), None)
        collected = trouble.told("gc", lambda: keeper.collect(actor), Collected())
        trained = trouble.told("trainings", lambda: _remove_trainings(actor), list[Removed]())
        asked = trouble.told("replicas", lambda: data.replication().ask(actor), list[ReplicaLook]())
        trouble.sentences += _replicas_in_words(asked)
        called = trouble.told("aliases in MLflow", lambda: _align(actor), list[Realigned]())
        for one in (*trouble.sentences, *(alias.sentence for alias in called if alias.problem)):
            context.log.warning(one)
        return MaterializeResult(
            metadata={
                **_retention(retained),
                **_tiers(moved),
                **_scrub(scrubbed),
                **_collecting(collected),
                **_replicas(asked),
                **_trainings(trained),
                **_aliases(called),
            },
            check_results=[_check(scrubbed, trouble.sentences)],
        )

    return upkeep


@dataclass
class _Trouble:
    """What could not be done: the other parts of a round are done all the same."""

    sentences: list[str] = field(default_factory=list)

    def told(self, what: str, act: Callable[[], _Done], otherwise: _Done) -> _Done:
        try:
            return act()
        except TrainplatError as problem:
            self.sentences.append(f"{what}: {problem.one_line}")
            return otherwise


def _retention(plans: list[Plan]) -> Metadata:
    retired = [(plan.rule.dataset, one) for plan in plans for one in plan.retires]
    closed = [(plan.rule.dataset, one) for plan in plans for one in plan.closes]
    found: Metadata = {"versions_retired": len(retired), "branches_closed": len(closed)}
    if retired or closed:
        found["retired_and_closed"] = table(
            [
                {"data set": dataset, "name": one.name, "what": one.fate.value, "why": one.reason}
                for dataset, one in (*retired, *closed)
            ]
        )
    return found


def _tiers(done: Applied) -> Metadata:
    found: Metadata = {"versions_moved": len(done.moved), "bytes_packed": done.packed_bytes}
    if done.moved:
        found["moved"] = table(
            [
                {
                    "data set": one.held.dataset,
                    "version": one.held.key,
                    "from": one.held.tier.value,
                    "to": one.tier.value,
                    "why": one.reason,
                }
                for one in done.moved
            ]
        )
    return found


def _scrub(done: Scrubbed | None) -> Metadata:
    if done is None:
        return {}
    return {
        "objects_checked": done.objects,
        "bytes_checked": done.size_bytes,
        "damaged": len(done.damaged),
        "repaired": len(done.repaired),
        "share_of_pass": done.done_share,
        "passes": done.passes,
        "packs_checked": done.packs,
        "packs_damaged": len(done.packs_damaged),
        "packs_written_anew": done.packs_mended,
    }


def _collecting(done: Collected) -> Metadata:
    found: Metadata = {
        "bytes_freed": done.gone_bytes,
        "objects_freed": done.gone,
        "bytes_into_trash": done.swept_bytes,
        "objects_needed": done.needed,
        "objects_condemned": done.condemned,
    }
    if done.packs_problem:
        found["packs_not_collected"] = done.packs_problem
    if done.held_up_by:
        found["nothing_swept_beside"] = ", ".join(done.held_up_by)
    return found


def _align(actor: Actor) -> list[Realigned]:
    home = Home.from_environment()
    return list(align(home, home.database(), actor))


def _aliases(found: list[Realigned]) -> Metadata:
    """Which aliases of MLflow meant something else than here; nothing where all are as they are here."""
    if not found:
        return {}
    return {"aliases": table([{"alias": one.alias, "what": one.sentence} for one in found])}


def _remove_trainings(actor: Actor) -> list[Removed]:
    home = Home.from_environment()
    database = home.database()
    at_work = GpuService(database).runs_at_work()
    return TrainingService(home, database).keep_by_rule(Rule.from_environment(), at_work, actor)


def _trainings(gone: list[Removed]) -> Metadata:
    found: Metadata = {"trainings_removed": len(gone), "trainings_bytes": sum(one.size_bytes for one in gone)}
    if gone:
        found["trainings"] = table([{"training": str(one.id), "bytes": one.size_bytes} for one in gone])
    return found


def _replicas(asked: list[ReplicaLook]) -> Metadata:
    lost = [{"remote": one.remote, "version": version} for one in asked for version in one.lost]
    found: Metadata = {"replicas_asked_for": sum(one.trees for one in asked), "replicas_lost": len(lost)}
    if lost:  # rows say so now, and the sensor data_replication sends them again
        found["lost_at_remotes"] = table(lost)
    return found


def _replicas_in_words(asked: list[ReplicaLook]) -> list[str]:
    """What is wrong with second remotes, and what is to be done."""
    lost = [
        f"replicas: {one.remote} lost {len(one.lost)} versions, {', '.join(one.lost[:SHOWN])}"
        f"{' and more' if len(one.lost) > SHOWN else ''}; the sensor data_replication sends them again. "
        f"Next: see who emptied it; trainplat data remote replicate {one.remote} --now sends them at once."
        for one in asked
        if one.lost
    ]
    return lost + [f"replicas: {one.problem}" for one in asked if one.problem]


def _check(done: Scrubbed | None, trouble: list[str]) -> AssetCheckResult:
    damaged = () if done is None else done.damaged
    said = list(trouble)
    if done is not None and damaged:
        said.append(
            f"{len(damaged)} objects are damaged and could not be repaired; they belong to "
            f"{', '.join(done.touched)}. Next: trainplat data verify --repair."
        )
    if done is not None and done.packs_problem:
        said.append(f"packs: {done.packs_problem}")
    whole = "All that was read is whole."
    found: Metadata = {} if not damaged else {"damaged_objects": table([{"object": one} for one in damaged])}
    return AssetCheckResult(
        check_name=CHECK, passed=not said, description=" ".join(said) or whole, metadata=found
    )

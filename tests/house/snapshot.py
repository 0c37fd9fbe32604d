"""All definitions of the code location as one JSON text, so that a review sees every change of the graph.

``make snapshot`` (``python -m tests.house.snapshot``) writes it to ``definitions.json`` beside this file.
"""

import json
from pathlib import Path
from typing import Any

from dagster import AssetsDefinition, AutomationCondition, Definitions, RepositoryDefinition

SNAPSHOT = Path(__file__).with_name("definitions.json")

Described = dict[str, Any]


def describe(definitions: Definitions) -> Described:
    """What people and other definitions can see of every asset, check, job and sensor, sorted by name."""
    repository = definitions.get_repository_def()
    return {
        "assets": _assets(repository),
        "checks": _checks(repository),
        "jobs": _jobs(repository),
        "schedules": sorted(schedule.name for schedule in repository.schedule_defs),
        "sensors": _sensors(repository),
        "resources": sorted(repository.get_top_level_resources()),
    }


def written(described: Described) -> str:
    """The snapshot as it stands in the file."""
    return json.dumps(described, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def main() -> None:
    """Write the snapshot of the code location as it is now."""
    from trainplat_assets.definitions import defs

    SNAPSHOT.write_text(written(describe(defs)))


def _assets(repository: RepositoryDefinition) -> Described:
    found: Described = {}
    for definition in repository.assets_defs_by_key.values():
        for spec in definition.specs:
            condition: AutomationCondition[Any] | None = spec.automation_condition
            found[spec.key.to_user_string()] = {
                "group": spec.group_name,
                "kinds": sorted(spec.kinds),
                "owners": sorted(spec.owners),
                "deps": sorted(dep.asset_key.to_user_string() for dep in spec.deps),
                "partitions": _partitions(definition),
                "op_tags": {name: str(value) for name, value in _op_tags(definition).items()},
                "automation": None if condition is None else str(condition.get_label() or "custom"),
            }
    return found


def _partitions(definition: AssetsDefinition) -> str | None:
    partitions = definition.partitions_def
    return None if partitions is None else str(getattr(partitions, "name", partitions))


def _op_tags(definition: AssetsDefinition) -> dict[str, str]:
    # Dagster puts the kinds among the tags of the op, where they say nothing new.
    return {
        name: value
        for name, value in (definition.op.tags if definition.is_executable else {}).items()
        if not name.startswith("dagster/kind")
    }


def _checks(repository: RepositoryDefinition) -> Described:
    return {
        f"{spec.asset_key.to_user_string()}:{spec.name}": {
            "blocking": spec.blocking,
        }
        for definition in (
            *repository.asset_checks_defs_by_key.values(),
            *repository.assets_defs_by_key.values(),
        )
        for spec in definition.check_specs
    }


def _jobs(repository: RepositoryDefinition) -> Described:
    found: Described = {}
    for job in repository.get_all_jobs():
        if job.name.startswith("__"):
            continue
        found[job.name] = {
            "assets": sorted(key.to_user_string() for key in job.asset_layer.executable_asset_keys),
            "executor": job.executor_def.name,
            "partitions": None
            if job.partitions_def is None
            else str(getattr(job.partitions_def, "name", "")),
            "tags": dict(job.tags),
        }
    return found


def _sensors(repository: RepositoryDefinition) -> Described:
    return {
        sensor.name: {
            "interval_s": sensor.minimum_interval_seconds,
            "starts_by_itself": sensor.default_status.value == "RUNNING",
            "jobs": sorted(target.job_name for target in sensor.targets),
        }
        for sensor in repository.sensor_defs
    }


if __name__ == "__main__":
    main()

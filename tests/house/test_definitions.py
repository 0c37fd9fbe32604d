"""The definitions as a whole: as the snapshot says, and each told to people."""

from dagster import AssetsDefinition, RepositoryDefinition

from tests.house.snapshot import SNAPSHOT, describe, written
from trainplat_assets.definitions import defs

UNPARTITIONED = (
    *("gpu", "data_upkeep", "data_replicas", "digits_branches", "digits_structure"),
    *("stories", "sums", "text_scores"),
)


def repository() -> RepositoryDefinition:
    return defs.get_repository_def()


def test_the_definitions_are_those_of_the_snapshot() -> None:
    assert written(describe(defs)) == SNAPSHOT.read_text(), (
        "the graph changed; where that is meant: make snapshot, and look at the difference"
    )


def test_every_asset_tells_people_what_it_is_and_whose() -> None:
    for definition in repository().assets_defs_by_key.values():
        assert isinstance(definition, AssetsDefinition)
        for spec in definition.specs:
            assert spec.description, spec.key
            assert spec.group_name not in (None, "default"), spec.key
            assert spec.kinds, spec.key
            assert spec.owners, spec.key
            # What belongs to a data set is made for each of its versions; the forecast is of all projects,
            # upkeep of the whole store, and what other pipelines make has no versions but its runs'.
            assert (definition.partitions_def is None) == (spec.group_name in UNPARTITIONED), spec.key


def test_every_check_job_and_sensor_tells_people_what_it_is_for() -> None:
    checks = [spec for found in repository().asset_checks_defs_by_key.values() for spec in found.check_specs]
    checks += [spec for found in repository().assets_defs_by_key.values() for spec in found.check_specs]
    jobs = [job for job in repository().get_all_jobs() if not job.name.startswith("__")]
    silent = [check.name for check in checks if not check.description]
    silent += [job.name for job in jobs if not job.description]
    silent += [sensor.name for sensor in repository().sensor_defs if not sensor.description]
    assert not silent


def test_what_a_version_must_pass_before_it_goes_on_blocks() -> None:
    blocking = {
        spec.asset_key.path[-1]
        for found in repository().asset_checks_defs_by_key.values()
        for spec in found.check_specs
        if spec.blocking
    }
    assert {"validated", "split", "evaluation"} <= blocking

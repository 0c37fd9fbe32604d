"""A folder of files becomes definitions; what a file says of runs is what runs ask for."""

from pathlib import Path

from dagster import AssetKey, AssetsDefinition, AssetSpec, Definitions, MetadataValue

from tests.trainplat_assets.templates.location import SMALL, declare, definitions


def asset(defs: Definitions, *key: str) -> AssetsDefinition:
    found = defs.get_repository_def().assets_defs_by_key[AssetKey(list(key))]
    assert isinstance(found, AssetsDefinition)
    return found


def spec_of(defs: Definitions, *key: str) -> AssetSpec:
    return asset(defs, *key).get_asset_spec(AssetKey(list(key)))


def test_each_template_makes_its_assets_and_one_job(tmp_path: Path) -> None:
    declare(tmp_path, "wine", "pretrain", SMALL)
    declare(tmp_path, "wines", "pretrain", SMALL + "  seeds: [0, 1]\n")
    declare(tmp_path, "tuned", "finetune", SMALL + "  start_from: wines/1\n")
    declare(tmp_path, "scores", "evaluation", "  of: [wine, wines/1, tuned]\n  at_least: {accuracy: 0.5}\n")
    declare(tmp_path, "answers", "inference", "  of: tuned\n  inputs: lines.txt\n  parts: 2\n")
    declare(tmp_path, "ours", "custom", "  call: math:gcd\n  after: [scores/wine]\n")
    repository = definitions(tmp_path).get_repository_def()
    assert {key.to_user_string() for key in repository.assets_defs_by_key} == {
        *("wine/model", "wines/seed_0", "wines/seed_1", "tuned/model", "ours/result"),
        *("scores/wine", "scores/wines_seed_1", "scores/tuned", "answers/part_0", "answers/part_1"),
    }
    jobs = {job.name for job in repository.get_all_jobs() if not job.name.startswith("__")}
    assert jobs == {f"{name}_pipeline" for name in ("wine", "wines", "tuned", "scores", "answers", "ours")}
    assert len(repository.asset_checks_defs_by_key) == 3


def test_assets_depend_on_the_models_that_they_take(tmp_path: Path) -> None:
    declare(tmp_path, "wines", "pretrain", SMALL + "  seeds: [0, 1]\n")
    declare(tmp_path, "tuned", "finetune", SMALL + "  start_from: wines/1\n")
    (dep,) = spec_of(definitions(tmp_path), "tuned", "model").deps
    assert dep.asset_key == AssetKey(["wines", "seed_1"])


def test_retries_limits_and_steps_side_by_side_are_those_of_the_file(tmp_path: Path) -> None:
    declare(
        tmp_path,
        "wines",
        "pretrain",
        SMALL
        + "  seeds: [0, 1]\n  gpu: 2(V100)\n  priority: 5\n  preemptible: false\n  max_runtime_s: 600\n"
        + "  cpus: 4\n  memory: 8G\n  retries: 3\n  retry_delay_s: 7\n  parallel_steps: 2\n"
        + "  owner: team:vision\n",
    )
    defs = definitions(tmp_path)
    found = asset(defs, "wines", "seed_0")
    assert {name: value for name, value in found.op.tags.items() if "trainplat" in name} == {
        "trainplat/gpu": "2(V100)",
        "trainplat/priority": "5",
        "trainplat/max_runtime_s": "600",
        "trainplat/cpus": "4",
        "trainplat/memory": "8G",
    }
    policy = found.op.retry_policy
    assert policy is not None
    assert (policy.max_retries, policy.delay) == (3, 7.0)
    assert spec_of(defs, "wines", "seed_0").owners == ["team:vision"]
    job = defs.resolve_job_def("wines_pipeline")
    assert job.executor_def.name == "2_at_a_time"
    assert job.tags["trainplat/pipeline"] == "wines"


def test_the_runs_of_a_pipeline_are_on_the_quota_of_its_project(tmp_path: Path) -> None:
    declare(tmp_path, "wine", "pretrain", SMALL + "  project: vision\n")
    defs = definitions(tmp_path)
    assert defs.resolve_job_def("wine_pipeline").tags["trainplat/project"] == "vision"
    assert asset(defs, "wine", "model").op.tags["trainplat/project"] == "vision"


def test_a_change_of_the_file_is_a_change_of_the_code_version(tmp_path: Path) -> None:
    declare(tmp_path, "wine", "pretrain", SMALL)
    first = spec_of(definitions(tmp_path), "wine", "model")
    declare(tmp_path, "wine", "pretrain", SMALL + "  weight_decay: 0.1\n")
    second = spec_of(definitions(tmp_path), "wine", "model")
    assert first.code_version != second.code_version
    assert second.metadata["pipeline_version"] == second.code_version


def test_an_asset_tells_its_file(tmp_path: Path) -> None:
    declare(tmp_path, "wine", "pretrain", SMALL)
    told = spec_of(definitions(tmp_path), "wine", "model").metadata["file"]
    assert told == MetadataValue.path(str(tmp_path / "wine" / "defs.yaml"))


def test_a_broken_file_is_one_broken_asset_beside_the_others(tmp_path: Path) -> None:
    declare(tmp_path, "wine", "pretrain", SMALL)
    declare(tmp_path, "beer", "pretrain", SMALL + "  hops: 3\n")
    defs = definitions(tmp_path)
    assert asset(defs, "wine", "model").is_executable
    broken = spec_of(defs, "beer", "broken")
    assert "defs.yaml:7:3: hops is no parameter of template pretrain" in str(broken.description)


def test_a_folder_that_is_not_there_declares_nothing(tmp_path: Path) -> None:
    assert definitions(tmp_path / "none").get_repository_def().assets_defs_by_key == {}

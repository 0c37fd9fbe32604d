"""A branch is merged when a training on it succeeded: once, whatever is killed."""

from pathlib import Path

import pytest

from resources.data.merges.model import MergeState
from resources.data.merges.service import MergeService
from resources.data.merging.model import Choice, Mode, Policy, PolicyRule, Resolution
from resources.data.results.following import Follower
from resources.data.results.model import AfterTraining, Follow, ResultSnapshot, TrainingResult
from resources.data.results.service import ResultService
from resources.data.versions.committing import Wanted
from resources.data.versions.service import VersionService
from resources.database.audit import recent
from resources.home import Home
from resources.terms import FIRST_VERSION, Actor, VersionKey
from tests.resources.data.shapes import ACTOR, SHAPES, answers
from tests.sensors.daemon import Kill, SensorDaemon
from tests.sensors.shapes_loop import ShapesLoop
from tests.trainplat_assets.branches import branch_of_two

SENSOR = "shapes_merges"
RUN, BOB = Actor("run:1234"), Actor("user:bob")


@pytest.fixture
def daemon(daemon: SensorDaemon) -> SensorDaemon:
    daemon.instance.add_dynamic_partitions("shapes_versions", ["v1.0"])
    return daemon


@pytest.fixture
def versions(loop: ShapesLoop) -> VersionService:
    return VersionService(loop.home, loop.home.database())


@pytest.fixture
def merges(loop: ShapesLoop) -> MergeService:
    return MergeService(loop.home, loop.home.database())


def trained(home: Home, branch: str, number: int = 1) -> ResultSnapshot:
    """What a training on a version of a branch leaves that has succeeded."""
    results = ResultService(home, home.database())
    key = VersionKey(f"{branch}@{number}")
    weights = f"weights of {key}".encode()
    result = TrainingResult(SHAPES.name, key, branch, "a" * 64, weights, None, (), {}, "", "1234")
    return results.bind(results.keep(result, RUN), f"models:/shapes/{number + 1}", RUN)


def told(daemon: SensorDaemon) -> str:
    return daemon.tick(SENSOR).skip_reason or ""


def follows(home: Home) -> list[Follow | None]:
    return [one.follow for one in ResultService(home, home.database()).results(SHAPES.name)]


def test_a_clean_branch_is_merged_and_its_round_is_requested(
    loop: ShapesLoop, daemon: SensorDaemon, versions: VersionService, tmp_path: Path
) -> None:
    assert told(daemon) == "No training on a branch is new."
    branch = branch_of_two(loop.home.path, tmp_path)
    assert told(daemon) == "No training on a branch is new."
    trained(loop.home, branch)
    assert told(daemon) == f"{branch}, on which models:/shapes/2 was trained, is merged as v1.2."
    assert told(daemon) == "No training on a branch is new."
    merged = versions.show(SHAPES.name, "latest")
    assert (merged.key, merged.parents) == ("v1.2", ("v1.1", f"{branch}@1"))
    assert merged.message == f"merge {branch}, trained as models:/shapes/2"
    # Each version of the main line has its round, the older one first.
    daemon.tick("shapes_annotations")
    assert [run.tags["dagster/partition"] for run in daemon.runs("shapes_round")] == ["v1.1"]
    loop.decide(VersionKey("v1.1"))
    daemon.tick("shapes_annotations")
    daemon.tick("shapes_annotations")
    asked = {run.tags["dagster/partition"] for run in daemon.runs("shapes_round")}
    assert asked == {"v1.1", "v1.2"}
    assert loop.data.version(SHAPES.name, "v1.2").parent == "v1.1"


def test_what_conflicts_is_offered_with_its_conflicts_and_not_tried_again(
    loop: ShapesLoop, daemon: SensorDaemon, merges: MergeService, tmp_path: Path
) -> None:
    branch = branch_of_two(loop.home.path, tmp_path, notes=True)
    trained(loop.home, branch)
    assert "has 1 conflicts with the main line: answer them." in told(daemon)
    [merge] = merges.merges(SHAPES.name)
    assert (merge.state, merge.conflicts, merge.begun_by) == (MergeState.OPEN, 1, f"sensor:{SENSOR}")
    [conflict] = merges.look(SHAPES.name, branch).conflicts
    assert conflict.path == "note.txt"
    assert told(daemon) == "No training on a branch is new."
    assert follows(loop.home) == [Follow.CONFLICTS]
    assert "data.try_merge" in [row.action for row in recent(loop.home.database())]
    merges.answer(SHAPES.name, branch, [Resolution(Choice.THEIRS, conflict.id)], BOB)
    assert merges.merge(SHAPES.name, branch, BOB).version is not None


def test_what_the_pipeline_makes_is_waited_for(
    loop: ShapesLoop, daemon: SensorDaemon, versions: VersionService, tmp_path: Path
) -> None:
    branch = branch_of_two(loop.home.path, tmp_path)
    trained(loop.home, branch)
    planned = loop.data.plan_next(SHAPES, answers(loop.data, FIRST_VERSION, 3), ACTOR)
    assert planned.version == "v1.2"
    assert "shapes v1.2 is being made by its pipeline" in told(daemon)
    assert follows(loop.home) == [None]
    loop.data.make(SHAPES, planned.version, ACTOR)
    assert "is merged as v1.3" in told(daemon)
    assert versions.show(SHAPES.name, "v1.3").parents == ("v1.2", f"{branch}@1")


@pytest.mark.parametrize("moment", ["before", "merged", "tried"])
def test_a_sensor_killed_beside_its_merge_merges_once(
    loop: ShapesLoop,
    daemon: SensorDaemon,
    versions: VersionService,
    merges: MergeService,
    tmp_path: Path,
    moment: str,
) -> None:
    """Before the merge, behind it, and behind one that has conflicts: before it is said what came of it."""
    branch = branch_of_two(loop.home.path, tmp_path, notes=moment == "tried")
    trained(loop.home, branch)

    if moment == "before":
        kill = Kill("resources.data.merges.service:MergeService", "_seal")
    else:
        kill = Kill("resources.data.results.service:ResultService", "follow")
    daemon.tick_killed(SENSOR, kill)
    assert follows(loop.home) == [None]
    before = len(merges.merges(SHAPES.name))
    told(daemon)
    told(daemon)
    keys = [one.key for one in versions.log(SHAPES.name) if one.branch is None]
    if moment == "tried":
        assert (follows(loop.home), keys) == ([Follow.CONFLICTS], ["v1.1", "v1.0"])
        assert [row.action for row in recent(loop.home.database())].count("data.try_merge") == 1
    else:
        assert (follows(loop.home), keys) == ([Follow.MERGED], ["v1.2", "v1.1", "v1.0"])
        assert [row.action for row in recent(loop.home.database())].count("data.merge") == 1
    assert before == (0 if moment == "before" else 1)


def test_a_data_set_may_leave_clean_merges_to_people(
    loop: ShapesLoop, versions: VersionService, merges: MergeService, tmp_path: Path
) -> None:
    branch = branch_of_two(loop.home.path, tmp_path)
    result = trained(loop.home, branch)
    results = ResultService(loop.home, loop.home.database())
    follower = Follower(results, versions, merges)
    assert follower.waiting(SHAPES.name) == [result]
    followed = follower.follow(result, AfterTraining(merges_clean=False), RUN)
    assert followed.told.endswith("merges without a conflict, when somebody wants it.")
    assert (followed.result.follow, follower.waiting(SHAPES.name)) == (Follow.OFFERED, [])
    [merge] = merges.merges(SHAPES.name)
    assert (merge.state, merge.conflicts) == (MergeState.OPEN, 0)
    assert merges.merge(SHAPES.name, branch, BOB).version is not None


def test_a_policy_decides_what_is_clean(
    loop: ShapesLoop, versions: VersionService, merges: MergeService, tmp_path: Path
) -> None:
    result = trained(loop.home, branch_of_two(loop.home.path, tmp_path, notes=True))
    follower = Follower(ResultService(loop.home, loop.home.database()), versions, merges)
    policy = Policy((PolicyRule("note.txt", Mode.THEIRS),))
    assert follower.follow(result, AfterTraining(policy=policy), RUN).result.follow is Follow.MERGED


def test_a_branch_that_went_another_way_is_passed_over(
    loop: ShapesLoop, versions: VersionService, merges: MergeService, tmp_path: Path
) -> None:
    branch = branch_of_two(loop.home.path, tmp_path)
    first = trained(loop.home, branch)
    (tmp_path / "bob" / "more.txt").write_text("more")
    second = versions.commit(Wanted(SHAPES.name, tmp_path / "bob", "", BOB, "bob")).version
    follower = Follower(ResultService(loop.home, loop.home.database()), versions, merges)
    passed = follower.follow(first, AfterTraining(), RUN)
    assert passed.told.endswith(f"went on to {second.key}, which no model was trained on yet.")
    newest = trained(loop.home, branch, 2)
    merges.merge(SHAPES.name, branch, BOB)
    assert follower.follow(first, AfterTraining(), RUN).told.endswith("as v1.2 with what came later.")
    assert follower.follow(newest, AfterTraining(), RUN).result.follow is Follow.MERGED
    closed = versions.branch(SHAPES.name, "v1.0", "eve", RUN)
    versions.close_branch(SHAPES.name, closed.name, RUN)
    told = follower.follow(trained(loop.home, closed.name), AfterTraining(), RUN).told
    assert told.endswith("is closed.")


def test_a_version_that_cannot_be_trained_on_is_told_and_holds_the_line(
    loop: ShapesLoop, daemon: SensorDaemon, versions: VersionService, tmp_path: Path
) -> None:
    versions.restore(SHAPES.name, "v1.0", tmp_path / "ann")
    (tmp_path / "ann" / "samples.csv").write_text("nothing")
    versions.commit(Wanted(SHAPES.name, tmp_path / "ann", "", BOB, "bob"))
    assert "v1.1, which user:bob committed, cannot be trained on" in (
        daemon.tick("shapes_annotations").skip_reason or ""
    )
    assert daemon.runs("shapes_round") == []


def test_what_people_commit_is_a_partition_and_its_round_is_requested_also_behind_one_that_was_given_up(
    loop: ShapesLoop, daemon: SensorDaemon, versions: VersionService, tmp_path: Path
) -> None:
    def commit(name: str) -> None:
        versions.restore(SHAPES.name, "latest", tmp_path / name)
        (tmp_path / name / "note.txt").write_text(name)
        versions.commit(Wanted(SHAPES.name, tmp_path / name, "", BOB, "bob"))

    commit("one")
    commit("two")
    daemon.tick("shapes_annotations")
    daemon.tick("shapes_annotations")
    (run,) = daemon.runs("shapes_round")
    assert run.tags["dagster/partition"] == "v1.1", "v1.2 waits for its decision"
    daemon.instance.report_run_canceled(run)
    daemon.tick("shapes_annotations")
    assert {one.tags["dagster/partition"] for one in daemon.runs("shapes_round")} == {"v1.1", "v1.2"}
    assert daemon.instance.get_dynamic_partitions("shapes_versions")[-2:] == ["v1.1", "v1.2"]

"""``kill -9`` before any single thing that making versions does to the disk: run again, it ends the same."""

import os
import random
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from resources.data.model import ConfirmedLabel
from resources.data.service import DataService
from resources.database.audit import recent
from resources.errors import Conflict
from resources.terms import FIRST_VERSION, VersionKey
from tests.children import fork, leave
from tests.resources.data.shapes import ACTOR, SHAPES, answers, service, write_source

V1 = VersionKey("v1.1")
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT
KILL_POINTS = 80
pytestmark = pytest.mark.uncounted
CHANGES = {"os.rename", "os.link", "os.mkdir", "os.remove", "os.rmdir", "os.chmod", "sqlite3.connect"}


def make_two_versions(home: Path) -> None:
    """What a round does, whatever an earlier try of it has done already."""
    data = service(home)
    data.plan_first(SHAPES, ACTOR)
    data.make(SHAPES, FIRST_VERSION, ACTOR)
    data.plan_next(SHAPES, answers(data, FIRST_VERSION, 3), ACTOR)
    data.make(SHAPES, V1, ACTOR)


def run_until_killed(work: Callable[[Path], None], home: Path, kill_before: int) -> int | None:
    """Run ``work`` in a process that kills itself before its change number ``kill_before``.

    Returns None when it was killed; else, when it ended first with success, how many changes it made.
    """
    told, tells = os.pipe()
    child = fork()
    if child == 0:
        changes = 0

        def count(event: str, arguments: tuple[Any, ...]) -> None:
            nonlocal changes
            if event not in CHANGES and not (event == "open" and (arguments[2] or 0) & WRITES):
                return
            changes += 1
            if changes == kill_before:
                os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(count)
        try:
            work(home)
            made, kill_before = changes, 0
        except BaseException as problem:  # noqa: BLE001 - whatever it is, the parent must hear of it
            os.write(2, repr(problem).encode())
            leave(1)
        os.write(tells, str(made).encode())
        leave(0)
    os.close(tells)
    with os.fdopen(told, "rb") as pipe:
        counted = pipe.read()
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return None
    assert os.WEXITSTATUS(status) == 0
    return int(counted)


def outcome(data: DataService) -> list[tuple[Any, ...]]:
    """All that must not depend on when somebody was killed."""
    found: list[tuple[Any, ...]] = [
        (
            one.version,
            one.state,
            one.tree_md5,
            one.new_labels,
            data.damage(SHAPES.name, one.version),
            data.snapshot(SHAPES.name, one.version).id,
        )
        for one in data.versions(SHAPES.name)
    ]
    found += sorted((row.action, row.subject) for row in recent(data.database))
    found += [tuple(sorted(data.taken_refs(SHAPES.name)))]
    root = data.dvc_folder(SHAPES.name)
    for folder in (
        root,
        root / "versions",
        root / "snapshots",
        root / "staging",
        data.home.data / ".cache/drafts",
    ):
        found += [tuple(sorted(path.name for path in folder.iterdir()))]
    found += [(path.name, path.stat().st_size) for path in sorted((root / "samples").iterdir())]
    return found


@pytest.fixture
def undisturbed(tmp_path: Path) -> list[tuple[Any, ...]]:
    """What comes out when nobody is killed."""
    home = tmp_path / "undisturbed"
    write_source(service(home).source_folder(SHAPES.name), range(24))
    make_two_versions(home)
    return outcome(service(home))


def kill_and_finish(home: Path, points: list[int]) -> DataService:
    """One try for each point, each killed there, then one that nobody kills."""
    data = service(home)
    write_source(data.source_folder(SHAPES.name), range(24))
    for point in points:
        run_until_killed(make_two_versions, home, point)
    make_two_versions(home)
    return data


def test_kills_one_after_another_change_nothing(
    trainplat_home: Path, undisturbed: list[tuple[Any, ...]], seed: int
) -> None:
    draw = random.Random(seed)
    data = kill_and_finish(trainplat_home, [draw.randint(1, 150) for _ in range(12)])
    assert outcome(data) == undisturbed


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_kill_before_any_one_change_changes_nothing(
    tmp_path: Path, undisturbed: list[tuple[Any, ...]], seed: int
) -> None:
    write_source(service(tmp_path / "counted").source_folder(SHAPES.name), range(24))
    changes = run_until_killed(make_two_versions, tmp_path / "counted", kill_before=0)
    assert changes is not None
    for point in random.Random(seed).sample(range(1, changes + 1), KILL_POINTS):
        data = kill_and_finish(tmp_path / str(point), [point])
        assert outcome(data) == undisturbed, f"killed before change {point} of {changes}"


def test_labels_are_planned_once_whenever_the_planner_is_killed(trainplat_home: Path) -> None:
    data = kill_and_finish(trainplat_home, [])
    given = answers(data, V1, 4)

    def plan(home: Path) -> None:
        service(home).plan_next(SHAPES, given, ACTOR)

    point = 1
    while run_until_killed(plan, trainplat_home, point) is None:
        planned = [one.version for one in data.versions(SHAPES.name)][2:]
        refs = data.taken_refs(SHAPES.name) & {one.ref for one in given}
        assert (planned, len(refs)) in (([], 0), (["v1.2"], 4))
        point += 1
    assert [one.version for one in data.versions(SHAPES.name)] == ["v1.0", "v1.1", "v1.2"]
    assert data.confirmed_labels(SHAPES.name, VersionKey("v1.2")) == given
    with pytest.raises(Conflict):
        data.plan_next(SHAPES, [ConfirmedLabel(given[0].sample, given[0].label, "late")], ACTOR)


def test_a_killed_writer_keeps_nobody_waiting(trainplat_home: Path) -> None:
    write_source(service(trainplat_home).source_folder(SHAPES.name), range(24))

    def hold_and_die(home: Path) -> None:
        with service(home)._writing(SHAPES.name):
            os.kill(os.getpid(), signal.SIGKILL)

    assert run_until_killed(hold_and_die, trainplat_home, 0) is None
    make_two_versions(trainplat_home)

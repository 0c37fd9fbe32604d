"""From a file of labels to one planned version."""

import csv
import json
import os
import random
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from resources.data.byhand.model import Fate, PlannedByHand
from resources.data.byhand.service import ByHandService
from resources.data.model import Sample, Split
from resources.data.service import DataService
from resources.errors import BadInput, Conflict
from resources.terms import FIRST_VERSION, VersionKey
from tests.children import fork, leave
from tests.resources.data.shapes import ACTOR, SHAPES, first_version, image, service

V1_1 = VersionKey("v1.1")


@pytest.fixture
def data(tmp_path: Path) -> DataService:
    made = service(tmp_path / "home")
    first_version(made)
    return made


def of_split(data: DataService, split: Split, version: VersionKey = FIRST_VERSION) -> list[Sample]:
    return [one for one in data.samples(SHAPES.name, version) if one.split is split]


def other(label: str | None) -> str:
    return next(one for one in SHAPES.classes if one != label)


def file_of(folder: Path, rows: Sequence[tuple[str, str]], name: str = "labels.csv") -> Path:
    folder.mkdir(exist_ok=True)
    with (folder / name).open("w", newline="") as file:
        csv.writer(file).writerows([("sample", "label"), *rows])
    return folder / name


def true_rows(data: DataService, samples: Sequence[Sample]) -> list[tuple[str, str]]:
    truth = data.true_labels(SHAPES.name)
    return [(one.id, truth[one.id]) for one in samples]


def plan(data: DataService, path: Path) -> PlannedByHand:
    by_hand = ByHandService(data)
    return by_hand.plan(by_hand.read(SHAPES, path), FIRST_VERSION, ACTOR)


def test_a_file_becomes_the_next_version_with_who_gave_it_and_what_it_goes_on_from(
    data: DataService, tmp_path: Path
) -> None:
    pool, [trained, agreed, *_] = of_split(data, Split.POOL)[:3], of_split(data, Split.TRAIN)
    rows = [*true_rows(data, pool), (trained.id, other(trained.label)), (agreed.id, str(agreed.label))]
    planned = plan(data, file_of(tmp_path / "in", rows))
    assert (planned.fate, planned.version.version, planned.version.parent) == (Fate.PLANNED, "v1.1", "v1.0")
    assert (planned.given, planned.newly_labelled, planned.corrected, planned.known) == (5, 3, 1, 1)
    assert data.version(SHAPES.name, "v1.1").starts_from == FIRST_VERSION
    confirmed = data.confirmed_labels(SHAPES.name, V1_1)
    assert [(one.sample, one.label) for one in confirmed] == rows[:4]
    assert all(one.ref.startswith("hand:") and one.ref.endswith(":ann") for one in confirmed)
    data.make(SHAPES, V1_1, ACTOR)
    now = {str(one.id): one.label for one in of_split(data, Split.TRAIN, V1_1)}
    assert [(sample, now[sample]) for sample, _ in rows] == rows


def test_a_file_that_says_the_same_makes_no_second_version(data: DataService, tmp_path: Path) -> None:
    rows = true_rows(data, of_split(data, Split.POOL)[:3])
    first = plan(data, file_of(tmp_path / "in", rows))
    again = tmp_path / "again.json"
    again.write_text(json.dumps([{"label": label, "id": sample} for sample, label in reversed(rows)]))
    assert plan(data, again).fate is Fate.TAKEN
    data.make(SHAPES, V1_1, ACTOR)
    answer = plan(data, again)
    assert (answer.fate, answer.version.version) == (Fate.TAKEN, first.version.version)
    part = plan(data, file_of(tmp_path / "in", rows[:2], "part.csv"))
    assert (part.fate, part.version.version, part.known) == (Fate.KNOWN, "v1.1", 2)
    assert [one.version for one in data.versions(SHAPES.name)] == ["v1.0", "v1.1"]


def test_every_mistake_is_named_with_its_line_and_nothing_is_written(
    data: DataService, tmp_path: Path
) -> None:
    [one, two, *_], [test, *_] = of_split(data, Split.POOL), of_split(data, Split.TEST)
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "broken.png").write_bytes(b"\x89PNG no")
    (tmp_path / "in" / "notes.txt").write_text("x")
    rows = [(one.id, "dark"), (one.id, "light"), (two.id, "grey"), ("nobody.png", "dark"), (test.id, "dark")]
    rows += [("broken.png", "dark"), ("notes.txt", "dark"), (two.id, "")]
    with pytest.raises(BadInput) as refused:
        plan(data, file_of(tmp_path / "in", rows))
    told = refused.value.problem.splitlines()
    assert "is refused as a whole, and nothing was written:" in told[0]
    assert [line.strip().split(":")[0] for line in told[1:]] == [f"line {n}" for n in range(3, 10)]
    assert f"{one.id} is labelled 'light'; line 2 says 'dark'" in told[1]
    assert "label 'grey' is no class; expected one of dark, light" in told[2]
    assert "'nobody.png' is unknown in v1.0; expected a sample's id" in told[3]
    assert f"{test.id} is held out for testing in v1.0" in told[4]
    assert "broken.png: it" in told[5]
    assert "notes.txt: its name does not end like an image's" in told[6]
    assert [one.version for one in data.versions(SHAPES.name)] == ["v1.0"]
    assert ByHandService(data)._came(SHAPES.name) == []


def test_a_new_picture_beside_the_file_is_trained_on_whatever_its_hash(
    data: DataService, tmp_path: Path
) -> None:
    (tmp_path / "in").mkdir()
    names = [f"new-{number}.png" for number in range(900, 912)]
    for number, name in enumerate(names, 900):
        (tmp_path / "in" / name).write_bytes(image(number))
    rows = [(name, "dark" if place % 2 == 0 else "light") for place, name in enumerate(names)]
    planned = plan(data, file_of(tmp_path / "in", rows))
    assert planned.fresh == len(rows)
    data.make(SHAPES, V1_1, ACTOR)
    assert len(of_split(data, Split.TRAIN, V1_1)) == SHAPES.first_labelled + len(rows)
    assert plan(data, tmp_path / "in" / "labels.csv").fate is Fate.TAKEN


def test_a_picture_that_is_nearly_a_test_sample_is_refused_with_its_line(
    data: DataService, tmp_path: Path
) -> None:
    from PIL import Image

    (tmp_path / "in").mkdir()
    with Image.open(of_split(data, Split.TEST)[0].path) as picture:
        picture.save(tmp_path / "in" / "twin.bmp")  # the same picture in other bytes
    with pytest.raises(BadInput, match=r"line 2: twin.bmp is nearly the same picture as test sample"):
        plan(data, file_of(tmp_path / "in", [("twin.bmp", "dark")]))
    assert [one.version for one in data.versions(SHAPES.name)] == ["v1.0"]


def test_other_labels_wait_until_the_planned_version_is_sealed(data: DataService, tmp_path: Path) -> None:
    pool = of_split(data, Split.POOL)
    plan(data, file_of(tmp_path / "in", true_rows(data, pool[:2])))
    with pytest.raises(Conflict, match=r"v1.1, is planned, not sealed"):
        plan(data, file_of(tmp_path / "in", true_rows(data, pool[2:4])))


@pytest.mark.parametrize("moment", ["sync", "come_with", "add_planned", "record"])
def test_a_planning_under_kill_9_is_done_once_all_the_same(
    data: DataService, tmp_path: Path, moment: str
) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "new.png").write_bytes(image(random.Random(5).randrange(1000, 1400) * 2))
    path = file_of(tmp_path / "in", [*true_rows(data, of_split(data, Split.POOL)[:2]), ("new.png", "dark")])
    child = fork()
    if child == 0:
        _die_at(moment)
        plan(data, path)
        leave(0)
    assert os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGKILL
    assert len(data.versions(SHAPES.name)) == 1
    planned = plan(data, path)
    assert (planned.fate, planned.version.version) == (Fate.PLANNED, "v1.1")
    assert plan(data, path).fate is Fate.TAKEN
    assert [len(data.confirmed_labels(SHAPES.name, V1_1)), len(data.versions(SHAPES.name))] == [3, 2]
    data.make(SHAPES, V1_1, ACTOR)
    assert len(of_split(data, Split.TRAIN, V1_1)) == SHAPES.first_labelled + 3


def _die_at(moment: str) -> None:
    from resources.data import ledger
    from resources.data.arrivals import store
    from resources.data.storage.objects import ObjectStore

    def die(*_arguments: object, **_named: object) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    owner: object = {"sync": ObjectStore, "come_with": store, "add_planned": ledger}.get(
        moment, sys.modules[DataService.__module__]
    )
    setattr(owner, moment, die)

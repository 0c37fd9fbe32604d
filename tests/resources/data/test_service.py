import json
import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from resources.data.errors import UnknownVersion
from resources.data.model import ConfirmedLabel, Split, VersionRecord, VersionState
from resources.data.service import DataService
from resources.data.storage.objects import DamagedObject, ObjectStore
from resources.data.storage.repository import DatasetRepository
from resources.database.audit import recent
from resources.errors import BadInput, Conflict, NotFound
from resources.terms import FIRST_VERSION, Label, SampleId, VersionKey
from tests.resources.data.shapes import (
    ACTOR,
    NOW,
    SHAPES,
    answers,
    first_version,
    ids_of,
    image,
    next_version,
    service,
    write_labels,
    write_source,
)

V1 = VersionKey("v1.1")


def test_a_first_version_goes_from_source_to_snapshot(data: DataService) -> None:
    first_version(data)
    made = data.version(SHAPES.name, FIRST_VERSION)
    assert made == VersionRecord(
        dataset=SHAPES.name,
        version=FIRST_VERSION,
        parent=None,
        state=VersionState.SEALED,
        planned_at=NOW,
        sealed_at=NOW,
        tree_md5=made.tree_md5,
        new_labels=0,
        labelled=4,
        pool=14,
        test=6,
    )
    assert made.tree_md5 is not None
    snapshot = data.snapshot(SHAPES.name, FIRST_VERSION)
    assert snapshot.tree_md5 == made.tree_md5
    assert snapshot.path.exists()
    assert data.damage(SHAPES.name, FIRST_VERSION) == []
    assert data.unreadable_images(SHAPES, FIRST_VERSION) == []


def test_the_same_source_gives_the_same_tree_in_any_home(tmp_path: Path) -> None:
    trees = []
    for name in ("one", "other"):
        data = service(tmp_path / name)
        first_version(data)
        next_version(data)
        trees.append([one.tree_md5 for one in data.versions(SHAPES.name)])
    assert trees[0] == trees[1]


def test_images_come_with_their_labels_as_positions_in_the_classes(data: DataService) -> None:
    first_version(data)
    truth = data.true_labels(SHAPES.name)
    for split, count in ((Split.TRAIN, 4), (Split.TEST, 6)):
        found = data.images(SHAPES.name, FIRST_VERSION, split)
        assert found.images.shape == (count, 4, 4)
        assert found.images.dtype == np.uint8
        assert found.labels is not None
        assert [SHAPES.classes[one] for one in found.labels] == [truth[one] for one in found.ids]
        assert all(
            (pixels.mean() > 128) == label for pixels, label in zip(found.images, found.labels, strict=True)
        )
    pool = data.images(SHAPES.name, FIRST_VERSION, Split.POOL)
    assert pool.labels is None
    assert len(pool.ids) == len(pool.images) == 14


def test_a_sample_is_an_image_file_that_nobody_can_change(data: DataService) -> None:
    first_version(data)
    known = {image(number) for number in range(24)}
    for one in data.samples(SHAPES.name, FIRST_VERSION):
        assert one.path.name == f"{one.id}.png"
        assert one.path.read_bytes() in known
        assert one.path.stat().st_mode & 0o222 == 0
        assert (one.label is None) == (one.split is Split.POOL)


def test_confirmed_labels_move_samples_from_the_pool_to_training(data: DataService) -> None:
    first_version(data)
    given = answers(data, FIRST_VERSION, 3)
    planned = data.plan_next(SHAPES, given, ACTOR)
    assert (planned.version, planned.parent, planned.new_labels) == ("v1.1", "v1.0", 3)
    data.make(SHAPES, V1, ACTOR)
    made = data.version(SHAPES.name, V1)
    assert (made.labelled, made.pool, made.test) == (7, 11, 6)
    assert set(ids_of(data, V1, Split.TRAIN)) == {
        *ids_of(data, FIRST_VERSION, Split.TRAIN),
        *(one.sample for one in given),
    }
    assert ids_of(data, V1, Split.TEST) == ids_of(data, FIRST_VERSION, Split.TEST)
    assert data.taken_refs(SHAPES.name) == {one.ref for one in given}
    assert data.confirmed_labels(SHAPES.name, V1) == given


def test_a_version_that_is_made_again_stays_as_it_is(data: DataService) -> None:
    first_version(data)
    made, snapshot = data.version(SHAPES.name, FIRST_VERSION), data.snapshot(SHAPES.name, FIRST_VERSION)
    report = data.split(SHAPES, FIRST_VERSION)
    write_source(data.source_folder(SHAPES.name), range(40))
    assert data.make(SHAPES, FIRST_VERSION, ACTOR) == snapshot
    assert data.version(SHAPES.name, FIRST_VERSION) == made
    assert data.split(SHAPES, FIRST_VERSION) == report
    assert data.collect(SHAPES, FIRST_VERSION).files == 24
    assert data.plan_first(SHAPES, ACTOR) == made


def test_each_change_of_state_is_in_the_audit_once(data: DataService) -> None:
    first_version(data)
    next_version(data)
    data.make(SHAPES, V1, ACTOR)
    rows = [(row.action, row.subject) for row in reversed(recent(data.database)) if row.actor == ACTOR]
    assert rows == [
        (f"data.{action}", f"shapes {version}")
        for version in ("v1.0", "v1.1")
        for action in ("plan_version", "seal_version", "freeze_snapshot")
    ]


def test_the_same_labels_again_plan_nothing_new(data: DataService) -> None:
    first_version(data)
    given = answers(data, FIRST_VERSION, 3)
    planned = data.plan_next(SHAPES, given, ACTOR)
    assert data.plan_next(SHAPES, given, ACTOR) == planned
    data.make(SHAPES, V1, ACTOR)
    assert data.plan_next(SHAPES, list(reversed(given)), ACTOR).version == V1
    assert len(data.versions(SHAPES.name)) == 2


def test_of_many_that_plan_at_once_all_get_the_same_version(data: DataService, trainplat_home: Path) -> None:
    first_version(data)
    given = answers(data, FIRST_VERSION, 3)
    start = threading.Barrier(6)

    def plan(_: int) -> VersionRecord:
        own = service(trainplat_home)
        start.wait()
        return own.plan_next(SHAPES, given, ACTOR)

    with ThreadPoolExecutor(6) as pool:
        planned = set(pool.map(plan, range(6)))
    assert len(planned) == 1
    assert [one.version for one in data.versions(SHAPES.name)] == ["v1.0", "v1.1"]


def test_nothing_is_planned_while_the_newest_version_is_open(data: DataService) -> None:
    first_version(data)
    given = answers(data, FIRST_VERSION, 6)
    data.plan_next(SHAPES, given[:3], ACTOR)
    with pytest.raises(Conflict, match=r"v1\.1, is planned, not sealed"):
        data.plan_next(SHAPES, given[3:], ACTOR)
    data.make(SHAPES, V1, ACTOR)
    assert data.plan_next(SHAPES, given[3:], ACTOR).version == "v1.2"


def test_labels_that_cannot_be_used_leave_no_trace(data: DataService) -> None:
    first_version(data)
    good = answers(data, FIRST_VERSION, 2)
    for bad in (
        ConfirmedLabel(good[0].sample, Label("green"), "x"),
        ConfirmedLabel(SampleId("0" * 64), Label("dark"), "x"),
        ConfirmedLabel(ids_of(data, FIRST_VERSION, Split.TEST)[0], Label("dark"), "x"),
    ):
        with pytest.raises(BadInput, match="1 of 3 labels cannot go into shapes: x: "):
            data.plan_next(SHAPES, [*good, bad], ACTOR)
    assert len(data.versions(SHAPES.name)) == 1
    assert data.taken_refs(SHAPES.name) == frozenset()


def test_a_changed_answer_corrects_the_label_in_the_next_version(data: DataService) -> None:
    first_version(data)
    given = answers(data, FIRST_VERSION, 3)
    data.plan_next(SHAPES, given, ACTOR)
    data.make(SHAPES, V1, ACTOR)
    other = next(label for label in SHAPES.classes if label != given[0].label)
    again = [
        replace(given[0], label=given[0].label, ref="second thoughts"),
        replace(given[0], label=other, ref="third thoughts"),
    ]
    corrected = data.plan_next(SHAPES, again, ACTOR).version
    data.make(SHAPES, corrected, ACTOR)
    assert data.split(SHAPES, corrected).corrected == 1
    labels = {one.id: one.label for one in data.samples(SHAPES.name, corrected)}
    assert labels[given[0].sample] == other


def test_an_unknown_version_is_answered_with_the_known_ones(data: DataService) -> None:
    with pytest.raises(UnknownVersion, match=r"no version 'v1\.0'; known: none yet"):
        data.samples(SHAPES.name, FIRST_VERSION)
    first_version(data)
    for ask in (
        lambda: data.version(SHAPES.name, "latest"),
        lambda: data.collect(SHAPES, VersionKey("latest")),
        lambda: data.images(SHAPES.name, VersionKey("latest"), Split.TEST),
        lambda: data.snapshot(SHAPES.name, VersionKey("latest")),
    ):
        with pytest.raises(UnknownVersion, match=r"'latest'; known: v1\.0") as refused:
            ask()
        assert "v1.0" in refused.value.next_step


def test_a_version_that_is_not_sealed_cannot_be_read(data: DataService) -> None:
    data.plan_first(SHAPES, ACTOR)
    for read in (
        lambda: data.samples(SHAPES.name, FIRST_VERSION),
        lambda: data.images(SHAPES.name, FIRST_VERSION, Split.TRAIN),
        lambda: data.freeze_snapshot(SHAPES, FIRST_VERSION, ACTOR),
    ):
        with pytest.raises(Conflict, match="planned, not sealed"):
            read()
    with pytest.raises(NotFound, match="no snapshot yet"):
        data.snapshot(SHAPES.name, FIRST_VERSION)


def test_a_version_that_is_only_split_can_be_looked_at(data: DataService) -> None:
    write_source(data.source_folder(SHAPES.name), range(24))
    data.plan_first(SHAPES, ACTOR)
    data.collect(SHAPES, FIRST_VERSION)
    data.validate(SHAPES, FIRST_VERSION)
    assert data.unreadable_images(SHAPES, FIRST_VERSION) == []
    data.transform(SHAPES, FIRST_VERSION)
    data.split(SHAPES, FIRST_VERSION)
    before = data.candidate(SHAPES.name, FIRST_VERSION)
    assert all(one.path.exists() for one in before)
    data.seal(SHAPES, FIRST_VERSION, ACTOR)
    assert data.samples(SHAPES.name, FIRST_VERSION) == data.candidate(SHAPES.name, FIRST_VERSION) == before


def test_a_stage_without_the_one_before_says_which_to_run(data: DataService) -> None:
    data.plan_first(SHAPES, ACTOR)
    for stage, missing in (
        (data.validate, "collected"),
        (data.transform, "validated"),
        (data.split, "transformed"),
    ):
        with pytest.raises(Conflict, match=f"not {missing} yet") as refused:
            stage(SHAPES, FIRST_VERSION)
        assert f"shapes/{missing}" in refused.value.next_step
    with pytest.raises(Conflict, match="not split yet"):
        data.seal(SHAPES, FIRST_VERSION, ACTOR)


def test_stages_that_do_not_belong_together_are_not_sealed(data: DataService) -> None:
    folder = data.source_folder(SHAPES.name)
    write_source(folder, range(24))
    data.plan_first(SHAPES, ACTOR)
    data.collect(SHAPES, FIRST_VERSION)
    data.validate(SHAPES, FIRST_VERSION)
    data.transform(SHAPES, FIRST_VERSION)
    data.split(SHAPES, FIRST_VERSION)
    write_source(folder, range(30))
    data.collect(SHAPES, FIRST_VERSION)
    with pytest.raises(Conflict, match="was validated before the stage ahead of it was run again"):
        data.seal(SHAPES, FIRST_VERSION, ACTOR)
    data.validate(SHAPES, FIRST_VERSION)
    with pytest.raises(Conflict, match="was transformed before"):
        data.split(SHAPES, FIRST_VERSION)
    with pytest.raises(Conflict, match="was transformed before"):
        data.seal(SHAPES, FIRST_VERSION, ACTOR)
    data.make(SHAPES, FIRST_VERSION, ACTOR)
    assert data.version(SHAPES.name, FIRST_VERSION).pool == 20


def test_a_split_that_is_not_sound_is_not_sealed_by_hand_either(data: DataService) -> None:
    write_source(data.source_folder(SHAPES.name), range(24))
    data.plan_first(SHAPES, ACTOR)
    data.collect(SHAPES, FIRST_VERSION)
    data.validate(SHAPES, FIRST_VERSION)
    data.transform(SHAPES, FIRST_VERSION)
    data.split(SHAPES, FIRST_VERSION)
    file = DatasetRepository(data.home, SHAPES.name).staging(FIRST_VERSION) / "split.json"
    whole = file.read_text()
    pool = json.loads(whole)
    spoiled = next(row for row in pool["samples"] if row["split"] == "pool")
    spoiled["label"] = "dark"
    file.write_text(json.dumps(pool))

    with pytest.raises(Conflict, match=f"cannot be sealed: pool sample {spoiled['id']} has the label 'dark'"):
        data.seal(SHAPES, FIRST_VERSION, ACTOR)

    assert data.version(SHAPES.name, FIRST_VERSION).state is VersionState.PLANNED
    file.write_text(whole)
    assert data.seal(SHAPES, FIRST_VERSION, ACTOR).state is VersionState.SEALED


def test_damage_to_an_object_is_found_and_never_read(data: DataService) -> None:
    first_version(data)
    victim = data.samples(SHAPES.name, FIRST_VERSION)[0]
    victim.path.chmod(0o644)
    victim.path.write_bytes(b"x" * victim.path.stat().st_size)
    assert [victim.id in found for found in data.damage(SHAPES.name, FIRST_VERSION)] == [True]
    assert len(data.unreadable_images(SHAPES, FIRST_VERSION)) == 1
    shutil.rmtree(data.home.data / ".cache")
    with pytest.raises(DamagedObject, match="is missing"):
        data.images(SHAPES.name, FIRST_VERSION, Split.TRAIN)
    assert len(data.damage(SHAPES.name, FIRST_VERSION)) == 1


def test_a_snapshot_is_frozen_by_what_it_is_made_of(data: DataService) -> None:
    first_version(data)
    next_version(data)
    first, second = (data.snapshot(SHAPES.name, one.version) for one in data.versions(SHAPES.name))
    assert first.id != second.id
    assert data.freeze_snapshot(SHAPES, FIRST_VERSION, ACTOR) == first
    assert first.split_rule == second.split_rule
    assert "4x4 px" in first.transform
    assert first.code_version.startswith("trainplat ")


def test_classes_and_image_size_stay_for_one_data_set(data: DataService) -> None:
    first_version(data)
    data.plan_next(SHAPES, answers(data, FIRST_VERSION, 3), ACTOR)
    for changed in (
        replace(SHAPES, classes=(Label("green"), *SHAPES.classes)),
        replace(SHAPES, image_size_px=(8, 8)),
    ):
        with pytest.raises(BadInput, match=r"v1\.1 must have the same"):
            data.collect(changed, V1)


def test_true_labels_leave_out_files_that_are_gone(data: DataService) -> None:
    folder = data.source_folder(SHAPES.name)
    write_source(folder, range(3))
    write_labels(folder, [("shape-000.png", "dark"), ("gone.png", "dark")])
    assert list(data.true_labels(SHAPES.name).values()) == ["dark"]


def test_only_new_images_are_read_again_while_a_version_is_made(
    data: DataService, monkeypatch: pytest.MonkeyPatch
) -> None:
    first_version(data)
    write_source(data.source_folder(SHAPES.name), range(26))
    data.plan_next(SHAPES, answers(data, FIRST_VERSION, 3), ACTOR)
    data.collect(SHAPES, V1)
    data.validate(SHAPES, V1)
    victim = data.samples(SHAPES.name, FIRST_VERSION)[0]
    store = DatasetRepository(data.home, SHAPES.name).objects
    md5 = next(row.md5 for row in data._tree(SHAPES.name, FIRST_VERSION).rows if row.id == victim.id)
    read: list[str] = []
    right = ObjectStore.read

    def counted(store: ObjectStore, name: str) -> bytes:
        read.append(name)
        return right(store, name)

    monkeypatch.setattr(ObjectStore, "read", counted)
    assert data.unreadable_images(SHAPES, V1) == []
    assert len([name for name in read if not name.endswith(".dir")]) <= 2 + 2, "two images and two tables"
    store.path(md5).unlink()
    assert data.unreadable_images(SHAPES, V1) == [
        f"sample {victim.id}: object {md5} is missing from {store.cache}"
    ]

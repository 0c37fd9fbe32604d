"""``trainplat data gc``, ``du``, ``verify``, ``pin``, ``delete`` and ``retire``."""

from pathlib import Path

import pytest

from resources.data.collecting.dependents import Kind
from resources.data.collecting.service import CollectingService
from resources.data.storage.objects import ObjectStore
from resources.database.audit import recent
from resources.home import Home
from resources.terms import Actor, DatasetName
from resources.users import current_user
from tests.resources.data.auditor import md5_of
from tests.resources.data.folders import write
from tests.trainplat_cli.commands.data.running import data, told


@pytest.fixture
def objects(trainplat_home: Path) -> ObjectStore:
    """The store of this home."""
    return ObjectStore(Home(trainplat_home).data / ".cache")


@pytest.fixture(autouse=True)
def versions(tmp_path: Path, trainplat_home: Path) -> None:
    """Two versions: they share ``kept``, each has one file of its own."""
    source = write(tmp_path / "source", {"kept": b"kept" * 100, "first": b"only the first"})
    data("commit", "pets", source)
    (source / "first").unlink()
    data("commit", "pets", write(source, {"second": b"only the second one"}))


def test_du_tells_what_each_version_takes_and_what_is_its_own() -> None:
    found = told("du", "pets")
    assert [(one["version"], one["size_bytes"], one["own_bytes"]) for one in found["versions"]] == [
        ("v1.0", 414, 14),
        ("v1.1", 419, 19),
    ]
    assert found["stored_bytes"] > 433, "and the lists of their files"
    shown = data("du").stdout
    assert "its own" in shown
    assert "14 B" in shown
    assert "The store holds" in shown
    assert "no data set 'cats'" in data("du", "cats", code=4).stderr


def test_gc_says_what_would_go_and_lets_it_go(objects: ObjectStore, monkeypatch: pytest.MonkeyPatch) -> None:
    objects.put(b"nobody's")
    assert told("gc", "--dry-run")["condemned"] == 0, "it is young"
    assert "0 objects would go into the trash" in data("gc", "--dry-run", "--grace", "1h").stdout
    with monkeypatch.context() as at_once:
        at_once.setattr("trainplat_cli.commands.data.gc.seconds_of", lambda _: 0)
        first = told("gc")
    assert (first["needed"], first["swept"], first["gone"]) == (5, 1, 1)
    assert (first["swept_bytes"], first["held_up_by"], first["recovered"]) == (8, [], [])
    shown = data("gc").stdout
    assert "5 objects are needed; 0 wait for the end of the grace period." in shown
    assert "soon" in data("gc", "--grace", "soon", code=2).stderr


def test_verify_names_what_is_damaged_with_all_that_it_touches(objects: ObjectStore) -> None:
    assert "2 versions, 3 objects, 433 B: 0 damaged, 0 repaired." in data("verify").stdout
    for content in (b"kept" * 100, b"only the first"):
        objects.path(md5_of(content)).unlink()
    found = data("verify", "pets", "v1.1", code=1).stdout
    assert md5_of(b"kept" * 100) in found
    assert "They belong to pets v1.0, pets v1.1." in found
    assert "Next: trainplat data verify --repair" in found
    assert data("verify", "--json", code=1).stdout.count(md5_of(b"only the first")) == 1
    unmended = data("verify", "pets", "v1.1", "--repair", code=1).stdout
    assert "1 damaged" in unmended
    assert "Next: commit a folder that still has the files; no remote" in unmended
    objects.trash.mkdir(exist_ok=True)
    (objects.trash / md5_of(b"kept" * 100)).write_bytes(b"kept" * 100)
    assert "0 damaged, 1 repaired" in data("verify", "pets", "v1.1", "--repair").stdout
    assert "no version, tag or branch 'v9'" in data("verify", "pets", "v9", code=4).stderr


def test_a_pin_keeps_a_version_until_it_is_taken_away() -> None:
    assert "Nothing depends on a version of pets." in data("pin", "pets").stdout
    shown = data("pin", "pets", "v1.0", "--name", "paper").stdout
    assert "v1.0" in shown
    assert "paper" in shown
    [pinned] = told("pin", "pets", "v1.0", "--name", "paper")["dependents"]
    assert (pinned["version"], pinned["kind"], pinned["until"]) == ("v1.0", "pin", None)
    assert pinned["said_by"] == f"user:{current_user()}"
    refused = data("delete", "pets", "v1.0", "--erase", "--yes", code=5).stderr.replace("\n", " ")
    assert "pets v1.0 is not erased: pin paper depend on it" in refused
    assert "is not kept for the pin" in data("pin", "pets", "v1.0", "--remove", code=4).stderr.replace(
        "\n", " "
    )
    assert told("pin", "pets", "v1.0", "--name", "paper", "--remove") == {"dependents": []}
    [for_a_time] = told("pin", "pets", "v1.0", "--for", "2h")["dependents"]
    assert for_a_time["name"] == current_user()
    assert for_a_time["until"] is not None
    assert "UTC" in data("pin", "pets").stdout


def test_a_version_is_kept_for_a_model_until_that_is_released(trainplat_home: Path) -> None:
    home = Home(trainplat_home)
    keeper, name = CollectingService(home, home.database()), "models:/pets/1"
    keeper.depend(DatasetName("pets"), "v1.0", Kind.MODEL, name, Actor("run:1"))
    keeper.depend(DatasetName("pets"), "v1.0", Kind.PIN, "paper", Actor("user:ann"))
    refused = data("delete", "pets", "v1.0", "--erase", "--yes", code=5).stderr.replace("\n", " ")
    assert f"trainplat data release pets v1.0 --model {name}" in refused
    assert "Keep pets v1.0 no longer" in data("release", "pets", "v1.0", "--model", name, code=2).stderr
    assert len(told("pin", "pets")["dependents"]) == 2, "nobody said yes"
    said = data("release", "pets", "v1.0", "--model", name, "--yes").stdout
    assert f"pets v1.0 is no longer kept for the model {name}." in said
    assert "It is kept still for: pin paper." in said
    [row] = [row for row in recent(home.database(), limit=5) if row.action == "data.release_model"]
    assert (row.actor, row.subject) == (f"user:{current_user()}", "pets v1.0")
    again = data("release", "pets", "v1.0", "--model", name, "--yes", code=4).stderr.replace("\n", " ")
    assert f"is not kept for the model '{name}'" in again
    assert "`trainplat data pin pets` lists what its versions are kept for" in again
    unasked = data("release", "pets", "v1.0", "--model", "models:/pets/9", code=4)
    assert "no longer for" not in unasked.output, "nobody is asked about what is not kept"
    keeper.depend(DatasetName("pets"), "v1.0", Kind.MODEL, name, Actor("run:1"))
    [left] = told("release", "pets", "v1.0", "--model", name, "--yes")["dependents"]
    assert left["kind"] == "pin"


def test_delete_does_nothing_without_its_word_and_asks_before_it_does(objects: ObjectStore) -> None:
    refused = data("delete", "pets", "v1.0", code=2).stderr.replace("\n", " ")
    assert "give --erase" in refused
    assert "Erase pets v1.0 for good?" in data("delete", "pets", "v1.0", "--erase", code=2).stderr
    assert objects.path(md5_of(b"only the first")).exists()


def test_an_erased_version_has_no_bytes_and_keeps_its_record(objects: ObjectStore) -> None:
    said = data("delete", "pets", "v1.0", "--erase", "--yes").stdout
    assert "pets v1.0 is erased: 1 objects are gone that no other version has." in said.replace("\n", " ")
    assert not objects.path(md5_of(b"only the first")).exists()
    assert objects.path(md5_of(b"kept" * 100)).exists()
    assert told("show", "pets", "v1.0")["state"] == "erased"
    assert "is erased already" in data("delete", "pets", "v1.0", "--erase", "--yes", code=5).stderr
    for command in (("restore", "pets", "v1.0", "--to", "x"), ("space", "create", "mine", "pets", "v1.0")):
        assert "was erased" in data(*command, code=5).stderr
    assert told("verify")["versions"] == ["pets v1.1"]
    assert [one["version"] for one in told("du")["versions"]] == ["v1.1"]


def test_a_work_tree_keeps_its_version(tmp_path: Path) -> None:
    data("restore", "pets", "v1.0", "--to", tmp_path / "work")
    refused = data("delete", "pets", "v1.0", "--erase", "--yes", code=5).stderr.replace("\n", "")
    assert "work tree" in refused


def test_a_retired_version_is_kept_and_can_be_taken_back() -> None:
    assert data("retire", "pets", "v1.0").stdout.strip() == "pets v1.0 is retired."
    assert told("show", "pets", "v1.0")["state"] == "retired"
    assert told("retire", "pets", "v1.0", "--undo")["state"] == "sealed"
    assert data("retire", "pets", "v1.0", "--undo").stdout.strip() == "pets v1.0 can be used again."
    assert "no version, tag or branch 'v9'" in data("retire", "pets", "v9", code=4).stderr

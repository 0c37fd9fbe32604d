"""The schema of a version in ``trainplat data show``, ``diff`` and ``commit``."""

import os
import re
from pathlib import Path

import pytest

from tests.resources.data.folders import write
from tests.trainplat_cli.commands.data.running import data, told
from trainplat_cli.commands.data.shown import version_service


@pytest.fixture
def pets(trainplat_home: Path, tmp_path: Path) -> Path:
    """A folder that is pets v1.0."""
    files = {"cat/1.jpg": b"1", "dog/2.jpg": b"2", "labels.csv": b"file,label\na,cat\nb,dog\n"}
    folder = write(tmp_path / "pets", files | {"notes.csv": b"\xff"})
    data("commit", "pets", folder)
    return folder


def test_show_tells_what_is_in_the_files(pets: Path) -> None:
    shown = data("show", "pets").stdout
    for text in ("cat, dog", ".jpg", "file text; label text (cat, dog)", "unknown: it is no UTF-8 text"):
        assert text in shown
    schema = told("show", "pets")["schema"]
    assert schema["class_folders"] == ["cat", "dog"]
    assert schema["files"]["notes.csv"] == {"kind": "csv", "unread": "not_utf8"}


def test_diff_tells_what_breaks_readers(pets: Path) -> None:
    write(pets, {"labels.csv": b"file,label,by\na,cat,x\nb,cow,x\n"})
    committed = data("commit", "pets", pets).stdout
    assert "It breaks those who read the version before:" in committed
    assert "the class dog is gone from labels.csv, column label (breaks readers)" in committed
    shown = data("diff", "pets", "v1.0").stdout
    assert "In the schema:\n  the class dog is gone from labels.csv, column label (breaks readers)" in shown
    assert "  labels.csv has a new column by\n" in shown
    schema = told("diff", "pets", "v1.0", "v2.0")["schema"]
    assert schema["breaks"]
    assert {
        "what": "class_removed",
        "path": "labels.csv",
        "column": "label",
        "name": "dog",
        "breaks": True,
    } in (schema["changes"])


def test_diff_tells_a_class_folder_that_is_gone_and_many_changes_in_short(pets: Path) -> None:
    (pets / "dog/2.jpg").unlink()
    rows = "".join(f"{place},kind {place}\n" for place in range(15))
    write(pets, {"labels.csv": f"file,label\n{rows}".encode(), "cow/1.jpg": b"1"})
    made = told("commit", "pets", pets)
    assert (made["version"], len(made["schema_changes"])) == ("v2.0", 20)
    shown = data("diff", "pets", "v1.0").stdout
    assert "  the class folder dog is gone (breaks readers)\n" in shown
    assert "  … and 10 more\n" in shown


def test_a_schema_that_is_declared_stays_until_it_is_taken_back(pets: Path, tmp_path: Path) -> None:
    declared = tmp_path / "schema.json"
    declared.write_text('{"classes": ["cat", "dog"]}')
    assert told("commit", "pets", pets, "--schema", declared)["version"] == "v1.1"
    write(pets, {"labels.csv": b"file\na\n"})
    assert told("commit", "pets", pets)["schema"] == {"classes": ["cat", "dog"]}
    declared.write_text('{"classes": ["cat"]}')
    assert told("commit", "pets", pets, "--schema", declared)["version"] == "v2.0"
    declared.write_text("{}")
    assert told("commit", "pets", pets, "--schema", declared)["schema"]["class_folders"] == ["cat", "dog"]


def test_diff_and_show_tell_the_types_of_columns_in_the_language_of_the_reader(
    pets: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(pets, {"labels.csv": b"file,label,size\na,cat,1\nb,dog,2\n"})
    data("commit", "pets", pets)
    write(pets, {"labels.csv": b"file,label,size\na,cat,1.5\nb,dog,2\n"})
    data("commit", "pets", pets)
    changed = "labels.csv, column size: its type changed, integer → number (breaks readers)"
    assert changed in data("diff", "pets", "v1.1").stdout
    monkeypatch.setenv("TRAINPLAT_LANG", "zh_CN")
    assert "labels.csv，列 size：类型已改变，整数 → 数字" in data("diff", "pets", "v1.1").stdout
    assert "size 数字" in data("show", "pets").stdout
    assert told("diff", "pets", "v1.1")["schema"]["changes"][0]["name"] == "integer → number"


def test_diff_tells_whether_it_is_known_what_changed_in_the_schema(pets: Path) -> None:
    assert "schema" not in data("diff", "pets", "v1.0").stdout
    assert told("diff", "pets", "v1.0")["schema"] == {"is_known": True, "breaks": False, "changes": []}
    with version_service().database.write_plainly() as rows:
        rows.run("UPDATE data_versions SET schema = '{}'")  # as one from before schemas were read
    assert "What changed in the schema is unknown" in data("diff", "pets", "v1.0").stdout
    assert told("diff", "pets", "v1.0")["schema"] == {"is_known": False, "breaks": False, "changes": []}


def test_show_tells_what_of_the_annotation_files_was_not_read(pets: Path) -> None:
    write(pets, {f"labels/{place}.csv": b"file,label\n" for place in range(65)})
    write(pets, {"large.jsonl": b'{"label": "cat"}\n' * 300_000})
    data("commit", "pets", pets)
    shown = data("show", "pets").stdout
    assert re.search(r"not read, csv +files that lie 1 folders deep or deeper: there are too many", shown)
    assert re.search(r"large.jsonl +label text, as far as its first MiB tells", shown)


def test_what_is_shown_as_declared_can_be_declared_again(pets: Path, tmp_path: Path) -> None:
    declared = tmp_path / "schema.json"
    declared.write_text('{"has_labels": true, "名": null}')
    data("commit", "pets", pets, "--schema", declared)
    shown = data("show", "pets").stdout.partition("declared: ")[2].partition("\n")[0]
    declared.write_text(shown)
    assert not told("commit", "pets", pets, "--schema", declared)["new"]


def test_names_that_are_no_text_are_told_to_people_and_machines(pets: Path) -> None:
    write(pets, {os.fsdecode(b"caf\xe9.csv"): b"file,label\na,cat\n"})
    write(pets, {"more.jsonl": b'{"\\ud83d": 1, "label": "\\udead"}\n'})
    made = told("commit", "pets", pets)
    assert made["version"] == "v1.1"
    assert {one["path"] for one in made["schema_changes"]} == {os.fsdecode(b"caf\xe9.csv"), "more.jsonl"}
    assert "\ud83d" in told("show", "pets", "--files")["schema"]["files"]["more.jsonl"]["columns"]
    assert r"label text (\udead); \ud83d integer" in data("show", "pets").stdout
    assert r"caf\xe9.csv is a new annotation file" in data("diff", "pets", "v1.0").stdout
    assert len(told("log", "pets")["versions"]) == 2


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"[1]", "is no JSON object; expected one that says what the files have in common"),
        (b"{", "is no JSON object"),
        (b'{"read": 1}', "has the key 'read', by which a version tells that its schema was read"),
        (b"\xff", "cannot be read"),
        (b"[" * 100_000, "is no JSON object"),
        (b'{"a":' * 100_000, "is no JSON object"),
        (b'{"a": ' * 60 + b"1" + b"}" * 60, "has more than 50 levels"),
        (b'{"a": NaN}', "is no JSON object"),
        (b'{"a": 1e999}', "a number that is too large for JSON"),
    ],
)
def test_what_is_no_declaration_is_refused_and_nothing_committed(
    pets: Path, tmp_path: Path, text: bytes, words: str
) -> None:
    (tmp_path / "schema.json").write_bytes(text)
    refused = data("commit", "pets", pets, "--schema", tmp_path / "schema.json", code=2)
    assert words in refused.stderr
    assert [one["version"] for one in told("log", "pets")["versions"]] == ["v1.0"]

"""``trainplat data merge``, ``conflicts`` and ``resolve``."""

from pathlib import Path

import pytest

from tests.trainplat_cli.commands.data.running import data, told

TABLE = "id,grade\na,1\nb,2\nc,3\n"


@pytest.fixture
def branch(trainplat_home: Path, tmp_path: Path) -> str:
    """Two folders of v1.0 that label one sample differently; the second one is on this branch."""
    first = tmp_path / "first"
    first.mkdir()
    (first / "labels.csv").write_text(TABLE)
    data("commit", "demo", str(first))
    for user, label in (("ann", "5"), ("bob", "6")):
        data("restore", "demo", "v1.0", "--to", str(tmp_path / user))
        (tmp_path / user / "labels.csv").write_text(TABLE.replace("c,3", f"c,{label}"))
    data("commit", "demo", str(tmp_path / "ann"))
    overtaken = data("commit", "demo", str(tmp_path / "bob")).stdout
    assert "v1.1 was committed meanwhile" in overtaken
    name: str = told("branch", "demo")["branches"][0]["branch"]
    return name


def test_a_conflict_is_shown_answered_and_merged(branch: str) -> None:
    shown = data("merge", "demo", branch, code=5).stdout
    assert "1 conflict is left between v1.1 and" in shown
    assert "labels.csv, record c, field grade: both changed it. Ours: 5. Theirs: 6. It was: 3." in shown
    listed = data("conflicts", "demo", branch).stdout
    assert "answers: ours, theirs, base, delete, given" in listed
    [conflict] = told("conflicts", "demo", branch)["conflicts"]
    assert (conflict["path"], conflict["ours"], conflict["theirs"]) == ("labels.csv", "5", "6")
    answered = data("resolve", "demo", branch, "theirs", "--conflict", conflict["id"]).stdout
    assert "No conflict is left. Next: trainplat data merge demo" in answered
    [resolved] = told("conflicts", "demo", branch)["resolved"]
    assert resolved["choice"] == "theirs"
    assert "merge without a conflict" in data("merge", "demo", branch, "--dry-run").stdout
    merged = told("merge", "demo", branch, "-m", "both")
    assert (merged["state"], merged["version"]["version"], merged["version"]["message"]) == (
        "merged",
        "v1.2",
        "both",
    )
    assert branch in data("merge", "demo").stdout
    assert told("merge", "demo")["merges"][0]["merged_as"] == "v1.2"


def test_a_merge_that_breaks_readers_says_so(trainplat_home: Path, tmp_path: Path) -> None:
    table = "id,label\na,cat\nb,dog\nc,dog\n"
    (tmp_path / "start").mkdir()
    (tmp_path / "start" / "labels.csv").write_text(table)
    data("commit", "pets", tmp_path / "start")
    data("restore", "pets", "v1.0", "--to", tmp_path / "carl")
    (tmp_path / "carl" / "labels.csv").write_text(table.replace("c,dog", "c,cat"))
    (tmp_path / "start" / "labels.csv").write_text(table.replace("b,dog", "b,cat"))
    data("commit", "pets", tmp_path / "start")
    on = told("commit", "pets", tmp_path / "carl")["branch"]
    merged = data("merge", "pets", on).stdout
    assert merged.startswith("pets v2.0 is v1.1 and ")
    assert "It breaks those who read the version before:\n  the class dog is gone from labels.csv" in merged


def test_a_policy_answers_beforehand(branch: str) -> None:
    merged = told("merge", "demo", branch, "--policy", "labels.csv=ours")
    assert merged["policy"] == [{"pattern": "labels.csv", "mode": "ours"}]
    assert merged["counts"] == {"policy_ours": 1}


def test_answers_by_pattern_and_how_many_are_left(branch: str) -> None:
    assert told("resolve", "demo", branch, "ours", "--path", "other/**") == {"left": 1}
    assert "1 conflict is left." in data("resolve", "demo", branch, "base", "--path", "nothing").stdout
    assert told("resolve", "demo", branch, "ours", "--path", "*.csv") == {"left": 0}


def test_a_merge_is_given_up(branch: str) -> None:
    data("merge", "demo", branch, code=5)
    assert "is given up; the branch stays" in data("merge", "demo", branch, "--give-up").stdout
    assert told("merge", "demo")["merges"][0]["state"] == "given_up"


def test_bad_input_says_what_to_do(branch: str) -> None:
    assert (
        "is not of the form PATTERN=MODE" in data("merge", "demo", branch, "--policy", "a=b", code=2).stderr
    )
    assert "has no conflict 'x'" in data("resolve", "demo", branch, "ours", "--conflict", "x", code=4).stderr
    assert "names one conflict or one pattern" in data("resolve", "demo", branch, "ours", code=2).stderr
    assert "there is no data set 'nothing'" in data("log", "nothing", code=4).stderr
    assert "Nothing was merged yet." in data("merge", "other").stdout

"""``trainplat data tier``."""

from pathlib import Path

import pytest

from resources.home import Home
from tests.resources.data.folders import read, write
from tests.trainplat_cli.commands.data.running import data, told

FILES = {"a.txt": b"text " * 4_000, "b": bytes(range(256))}


@pytest.fixture
def two(trainplat_home: Path, tmp_path: Path) -> Path:
    """Two versions that share nothing, and a warm place."""
    data("commit", "pets", write(tmp_path / "one", FILES))
    data("commit", "pets", write(tmp_path / "two", {"c": b"c"}))
    data("tier", "set", "warm", tmp_path / "warm")
    return tmp_path


def test_a_version_goes_to_warm_and_comes_back(two: Path) -> None:
    Home.from_environment().prices_file.write_text("currency: EUR\nper_gib_month: {hot: 0.10, warm: 0.02}\n")
    assert "Nothing would be moved" in data("tier", "plan").stdout
    data("tier", "pin", "pets", "v1.0", "warm")
    plan = told("tier", "plan")
    assert [(move["version"], move["to"], move["rule"]) for move in plan["moves"]] == [("v1.0", "warm", 1)]
    assert float(plan["saves_monthly"]) > 0
    shown = data("tier", "plan", "--all").stdout
    assert "it is pinned to warm" in shown
    assert "It would save" in shown
    assert told("tier", "status")["colder"] == []
    assert "pets v1.0: from hot to warm." in data("tier", "apply").stdout
    assert [one["version"] for one in told("tier", "status")["colder"]] == ["v1.0"]
    assert "pets v1.0 is pinned to warm" in data("tier", "status").stdout
    assert set(told("du")["packed_bytes"]) == {"warm"}
    assert "The packs of warm hold" in data("du").stdout
    assert told("verify")["damaged"] == []
    data("export", "pets", "v1.0", "--dvc", two / "dvc")
    assert told("tier", "recall", "pets", "v1.0")["objects"] == 0
    data("restore", "pets", "v1.0", "--to", two / "back")
    assert read(two / "back") == FILES
    assert told("tier", "apply")["moved"][0]["to"] == "warm"
    assert "2 objects came back" in data("tier", "recall", "pets", "v1.0").stdout
    assert "goes where the rules say" in data("tier", "pin", "pets", "v1.0", "--remove").stdout
    assert told("tier", "apply")["moved"] == []


def test_why_is_said_in_the_readers_language_and_in_english_to_machines(
    two: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRAINPLAT_LANG", "zh_CN")
    data("tier", "pin", "pets", "v1.0", "warm")
    shown = data("tier", "plan", "--all").stdout
    assert "它固定在温层" in shown
    assert "它是所在线上的最新版本" in shown
    assert [one["reason"] for one in told("tier", "plan")["moves"]] == ["it is pinned to warm"]
    said = data("space", "create", "mine", "pets", "v1.0", "--kind", "copy").stderr
    assert "按要求选择" in said
    assert [one["reason"] for one in told("space", "list")["spaces"]] == ["it was asked for"]
    refused = data("space", "create", "other", "pets", "v1.0", "--kind", "hardlink", code=5).stderr
    assert "无法在这里创建 hardlink 类型的空间" in refused
    assert "其用户能够写入对象本身" in refused


def test_what_was_lost_in_a_tier_fails_the_move_that_needs_it(two: Path) -> None:
    data("tier", "pin", "pets", "v1.0", "warm")
    data("tier", "apply")
    [pack] = (two / "warm").rglob("*.pack")
    pack.unlink()
    data("tier", "pin", "pets", "v1.0", "hot")
    failed = data("tier", "apply", code=1)
    assert failed.stderr.count("is damaged and was not moved") == len(FILES)
    assert "from warm to hot" not in failed.stdout


def test_rules_are_written_down_and_taken_away(two: Path) -> None:
    assert "tier plan" in data("tier", "rule", "warm", "--unused", "30d", "--age", "60d").stdout
    assert told("tier", "rule", "warm", "--unused", "5d", "--dataset", "pets")["rules"] == [
        {"dataset": "*", "tier": "warm", "unused_s": 30 * 86_400, "age_s": 60 * 86_400},
        {"dataset": "pets", "tier": "warm", "unused_s": 5 * 86_400, "age_s": 0},
    ]
    shown = data("tier", "status").stdout
    assert "All data sets: to warm after 30 days without use, and 60 days of age." in shown
    data("tier", "rule", "warm", "--dataset", "pets", "--remove")
    data("tier", "rule", "warm", "--dataset", "pets", "--remove", code=4)


def test_what_cannot_be_is_refused_with_what_to_do(two: Path) -> None:
    assert "no place yet" in data("tier", "pin", "pets", "v1.0", "cold", code=2).output
    data("tier", "pin", "pets", "v1.0", code=2)
    data("tier", "pin", "pets", "v1.0", "--remove", code=4)
    data("tier", "rule", "warm", code=2)
    data("tier", "rule", "warm", "--unused", "1d", "--dataset", "unknown", code=4)
    data("tier", "set", "cold", "s3://key:secret@bucket", code=2)
    data("tier", "set", "hot", two, code=2)
    data("tier", "recall", "pets", "v9.9", code=4)

"""``trainplat data retention`` and ``trainplat data scrub``."""

from pathlib import Path

import pytest

from resources.data.tiers.service import TierService
from resources.home import Home
from tests.resources.data.folders import write
from tests.trainplat_cli.commands.data.running import data, told


def test_a_rule_is_said_planned_and_carried_out(tmp_path: Path) -> None:
    assert "no retention rule" in data("retention", "show").stdout
    assert "no retention rule" in data("retention", "plan").stdout
    for number in range(3):
        data("commit", "pets", write(tmp_path / "pets", {"a": b"%d" % number}))
    data("branch", "pets", "v1.0")
    assert "says nothing" in data("retention", "set", "pets", code=2).stderr
    assert "no length of time" in data("retention", "set", "pets", "--keep-younger", "x", code=2).stderr
    said = data("retention", "set", "pets", "--keep-last", "1", "--close-branches", "36h").stdout
    assert "36h" in said
    assert "Next: trainplat data retention plan pets" in said
    assert told("retention", "show", "pets")["rules"][0]["close_after_s"] == 36 * 3600
    assert "the newest 1 of the main line are kept" in data("retention", "plan").stdout
    (plan,) = told("retention", "plan", "pets")["plans"]
    assert {one["name"]: one["fate"] for one in plan["versions"]} == {
        "v1.0": "keep",
        "v1.1": "retire",
        "v1.2": "keep",
    }
    assert "pets v1.1 is retired: " in data("retention", "apply", "pets").stdout
    assert "keep all that is in use" in data("retention", "apply").stdout
    assert told("retention", "apply")["plans"][0]["dataset"] == "pets"
    assert told("show", "pets", "v1.1")["state"] == "retired"
    assert "no retention rule any more" in data("retention", "set", "pets", "--remove").stdout
    data("retention", "show", "pets", code=4)


def test_why_is_said_in_the_readers_language_and_in_english_to_machines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(2):
        data("commit", "pets", write(tmp_path / "pets", {"a": b"%d" % number}))
    data("retention", "set", "pets", "--keep-last", "1")
    monkeypatch.setenv("TRAINPLAT_LANG", "zh_CN")
    shown = data("retention", "plan").stdout
    assert "主线上最新的版本" in shown
    assert "没有任何对象依赖它" in shown
    (plan,) = told("retention", "plan")["plans"]
    assert [one["reason"] for one in plan["versions"]] == [
        "the newest 1 of the main line are kept, it is behind them; nothing depends on it",
        "it is the newest version of the main line",
    ]
    assert "没有任何对象依赖它" in data("retention", "apply").stdout


def test_a_scrub_reads_on_and_ends_with_one_where_something_is_damaged(
    tmp_path: Path, trainplat_home: Path
) -> None:
    data("commit", "pets", write(tmp_path / "pets", {"a": b"one", "b": b"two"}))
    assert "Nothing is known to be damaged" in data("scrub", "--show").stdout
    assert "3 objects" in data("scrub").stdout
    assert told("scrub", "--most-mib", "1")["slice"]["passes"] == 2
    for path in (trainplat_home / "data/.cache/files/md5").glob("*/*"):
        if path.read_bytes() == b"one":
            path.unlink()
    said = data("scrub", code=1).stdout
    assert "1 damaged" in said
    assert "pets v1.0" in said
    assert "pets v1.0" in data("scrub", "--show", code=1).stdout


def test_a_scrub_ends_with_one_where_a_damaged_pack_could_not_be_written_anew(
    tmp_path: Path, trainplat_home: Path
) -> None:
    data("commit", "pets", write(tmp_path / "pets", {"a": b"one " * 90, "b": b"two"}))
    data("commit", "pets", write(tmp_path / "other", {"c": b"three"}))
    data("tier", "set", "warm", tmp_path / "warm")
    data("tier", "pin", "pets", "v1.0", "warm")
    data("tier", "apply")
    data("tier", "recall", "pets", "v1.0")
    [pack] = (tmp_path / "warm").rglob("*.pack")
    pack.write_bytes(pack.read_bytes()[:-1])
    home = Home(trainplat_home)
    with TierService(home, home.database()).keeper().alone("a test"):
        failed = data("scrub", code=1)
    assert "1 damaged, 0 written anew" in failed.stdout
    assert "moves versions between tiers" in failed.stderr
    assert "Nothing is known" in data("scrub", "--show").stdout
    assert "1 damaged, 1 written anew" in data("scrub").stdout
    assert "0 damaged" in data("scrub").stdout

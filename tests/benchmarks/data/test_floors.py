"""The bare loops do to each file what they say."""

from pathlib import Path

from benchmarks.data.files import make_small
from benchmarks.data.floors import copy_floor, link_floor, read_and_link_floor, stat_floor


def test_floors_touch_every_file(tmp_path: Path) -> None:
    source = tmp_path / "source"
    make_small(source, 1_020)
    stat_floor(source, tmp_path / "nothing")
    copy_floor(source, tmp_path / "copied")
    link_floor(source, tmp_path / "linked")
    read_and_link_floor(source, tmp_path / "read")
    assert not (tmp_path / "nothing").exists()
    contents = sorted(file.read_bytes() for file in source.rglob("*.bin"))
    for made in ("copied", "linked", "read"):
        files = [file for file in (tmp_path / made).rglob("*") if file.is_file()]
        assert sorted(file.read_bytes() for file in files) == contents
        assert {file.stat().st_nlink for file in files} == ({1} if made == "copied" else {3})

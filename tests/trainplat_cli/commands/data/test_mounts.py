"""``trainplat data mounts``."""

from pathlib import Path

from resources.data.mounts.service import MountService
from resources.home import Home
from tests.trainplat_cli.commands.data.running import data, told


def test_mount_points_are_declared_checked_listed_and_removed(trainplat_home: Path) -> None:
    assert "no mount point yet" in data("mounts", "list").stdout
    said = data("mounts", "declare", "room", "--size-mib", "1").stdout
    assert "disk is the cheapest of 2" in said
    assert "TRAINPLAT_MOUNT_ROOM" in said
    assert told("mounts", "check", "room")["provider"] == "disk"
    assert "memory" in data("mounts", "check", "room").stdout
    document = told("mounts", "declare", "kept", "--size-mib", "1", "--mode", "keep", "--needs", "durable")
    assert (document["provider"], document["needs"]) == ("disk", ["durable"])
    assert "1 MiB" in data("mounts", "list").stdout
    home = Home(trainplat_home)
    with MountService(home, home.database()).given(["room"], "run-1"):
        assert "run-1" in data("mounts", "list").stdout
        assert told("mounts", "list")["given"][0]["run"] == "run-1"
    assert "no mount point any more" in data("mounts", "remove", "room").stdout
    data("mounts", "check", "room", code=4)
    data("mounts", "declare", "far", "--size-mib", "1", "--needs", "shared", code=5)
    data("mounts", "declare", "Bad", "--size-mib", "1", code=2)

"""What people and machines do wrong: each is told with its exit code and words, and can be run again."""

import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from resources.home import Home
from tests.resources.data.auditor import audit_home, md5_of
from tests.resources.data.disks import disk
from tests.resources.data.folders import read, write
from tests.servers.s3 import Bucket
from tests.trainplat_cli.commands.data.running import data, told

FILES = {"a/one.txt": b"one", "b.txt": b"two"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A user's folder."""
    return write(tmp_path / "folder", FILES)


@pytest.fixture
def committed(folder: Path, trainplat_home: Path) -> Path:
    """The home, with the folder as v1.0."""
    data("commit", "pets", folder)
    return trainplat_home


def test_a_missing_path_is_named(tmp_path: Path) -> None:
    refused = data("commit", "pets", tmp_path / "gone", code=4)
    assert f"{tmp_path / 'gone'} does not exist" in refused.stderr


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    assert "is no folder" in data("commit", "pets", tmp_path / "file", code=2).stderr


def test_pipes_sockets_and_links_that_lead_out_are_named_and_nothing_is_committed(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(folder / "pipe")
    monkeypatch.chdir(folder)  # the address of a socket is short
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind("socket")
    (folder / "out").symlink_to(tmp_path)
    (folder / "nowhere").symlink_to("missing")
    refused = data("commit", "pets", folder, code=2).stderr
    for complaint in (
        "4 entries of",
        "pipe is a pipe",
        "socket is a socket",
        "out is a link out of the folder",
        "nowhere is a link that leads nowhere",
    ):
        assert complaint in refused
    data("log", "pets", code=4)
    for name in ("pipe", "socket", "out", "nowhere"):
        (folder / name).unlink()
    assert told("commit", "pets", folder)["version"] == "v1.0"


def test_names_with_any_bytes_come_back_as_they_were(folder: Path, tmp_path: Path) -> None:
    names = [bytes([byte]) * 3 for byte in range(1, 256) if byte != ord("/")]
    files = {os.fsdecode(name + b"x"): name for name in names}
    write(folder, files)
    data("commit", "pets", folder)
    data("restore", "pets", "v1.0", "--to", tmp_path / "back")
    assert read(tmp_path / "back") == FILES | files
    data("diff", "pets", "v1.0", "v1.0")


def test_a_file_that_changes_all_the_time_is_named_and_nothing_is_committed(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    changing, read_file = write(folder, {"log": b"0"}) / "log", os.read

    def read_and_write_on(descriptor: int, size: int) -> bytes:
        content = read_file(descriptor, size)
        if Path(f"/proc/self/fd/{descriptor}").readlink() == changing:
            with changing.open("ab") as file:
                file.write(b"more")
        return content

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(os, "read", read_and_write_on)
        refused = data("commit", "pets", folder, code=5)
    assert f"{changing} changed while it was read; nothing was committed" in refused.stderr
    data("log", "pets", code=4)
    assert told("commit", "pets", folder)["files"] == 3


def test_a_read_only_disk_is_told_and_the_same_works_once_it_can_be_written(
    disk_root: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRAINPLAT_HOME", str(disk_root / "home"))
    data("commit", "pets", folder)
    before = audit_home(disk_root / "home")
    write(folder, {"c.txt": b"three"})
    with read_only(disk_root):
        refused = data("commit", "pets", folder, code=1)
        assert "its disk is read-only" in refused.stderr
        assert "Next: Mount it for writing" in refused.stderr
    assert audit_home(disk_root / "home").versions == before.versions
    assert told("commit", "pets", folder)["version"] == "v1.1"


def test_a_disk_that_is_read_only_under_a_target_is_told(
    committed: Path, disk_root: Path, tmp_path: Path
) -> None:
    with read_only(disk_root):
        refused = data("restore", "pets", "v1.0", "--to", disk_root / "back", code=1)
        assert f"the disk that holds {disk_root} is read-only" in refused.stderr
    data("restore", "pets", "v1.0", "--to", disk_root / "back")
    assert read(disk_root / "back") == FILES


def test_a_read_only_store_is_told_though_the_database_can_be_written(committed: Path, folder: Path) -> None:
    write(folder, {"c.txt": b"three"})
    with bound_read_only(committed / "data"):
        refused = data("commit", "pets", folder, code=1)
        assert f"the disk that holds {committed / 'data/.cache'} is read-only" in refused.stderr
    assert told("commit", "pets", folder)["version"] == "v1.1"


def test_a_damaged_object_is_named_with_its_versions_and_mended_by_a_commit(
    committed: Path, folder: Path, tmp_path: Path
) -> None:
    name = md5_of(FILES["b.txt"])
    damaged = committed / "data/.cache/files/md5" / name[:2] / name[2:]
    damaged.unlink()
    damaged.write_bytes(b"bad")
    refused = data("restore", "pets", "v1.0", "--to", tmp_path / "back", code=1)
    assert name in refused.stderr
    assert "They belong to pets v1.0" in refused.stderr
    assert not (tmp_path / "back").exists()
    assert "1" in data("verify", code=1).stdout
    os.utime(folder / "b.txt", (1, 1))  # so that it is read
    data("commit", "pets", folder)
    data("restore", "pets", "v1.0", "--to", tmp_path / "back")
    assert read(tmp_path / "back") == FILES


def test_wrong_credentials_are_told_and_not_shown(
    committed: Path, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    data("remote", "add", "backup", bucket.url)
    key = monkeypatch.setenv
    key("AWS_ACCESS_KEY_ID", "")
    key("AWS_SECRET_ACCESS_KEY", "")
    key("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
    key("AWS_EC2_METADATA_DISABLED", "true")
    refused = data("push", "pets", code=3)
    assert "remote backup refuses: the credentials are missing, wrong or too weak" in refused.stderr
    key("AWS_ACCESS_KEY_ID", "tests-key")
    key("AWS_SECRET_ACCESS_KEY", "tests-secret")
    assert "1 versions are new there" in data("push", "pets").stdout


def test_a_remote_that_is_gone_is_told_and_what_was_sent_is_kept(
    committed: Path, tmp_path: Path, folder: Path
) -> None:
    data("remote", "add", "backup", tmp_path / "backup")
    data("push", "pets")
    write(folder, {"c.txt": b"three"})
    data("commit", "pets", folder)
    (tmp_path / "backup").rename(tmp_path / "away")
    (tmp_path / "backup").write_bytes(b"")  # whatever is mounted there now, it is no folder
    refused = data("push", "pets", code=1)
    assert "remote backup" in refused.stderr
    (tmp_path / "backup").unlink()
    (tmp_path / "away").rename(tmp_path / "backup")
    assert "1 versions are new there" in data("push", "pets").stdout
    assert audit_home(committed).journal == 0


@pytest.fixture
def disk_root(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Path]:
    """A disk of its own."""
    from tests.needs import needs

    needs("loop mounts")
    with disk("ext4", tmp_path) as root:
        yield root


@contextmanager
def read_only(root: Path) -> Iterator[None]:
    """A disk that nobody can write to for a while."""
    Home(root / "home").database().close()  # what is open to be written keeps the kernel from it
    subprocess.run(["mount", "-o", "remount,ro", str(root)], check=True)
    try:
        yield
    finally:
        subprocess.run(["mount", "-o", "remount,rw", str(root)], check=True)


@contextmanager
def bound_read_only(place: Path) -> Iterator[None]:
    """A folder that nobody can write to for a while, not root either."""
    from tests.needs import needs

    needs("root")
    subprocess.run(["mount", "--bind", str(place), str(place)], check=True)
    try:
        subprocess.run(["mount", "-o", "remount,bind,ro", str(place)], check=True)
        yield
    finally:
        subprocess.run(["umount", str(place)], check=True)

import os
import socket
from pathlib import Path

import pytest

from resources.data.storage.scanning import UnfitFiles, scan
from resources.errors import BadInput, Denied, NotFound
from tests.resources.data.folders import write
from tests.resources.data.plain_user import as_plain_user


def paths(root: Path) -> list[str]:
    return sorted(folder.path + name for folder in scan(root) for name in folder.names)


def test_every_regular_file_is_found_with_its_stamp(tmp_path: Path) -> None:
    root = write(tmp_path / "tree", {"b": b"1", "a/c": b"22", "a/d/e": b""})
    assert paths(root) == ["a/c", "a/d/e", "b"]
    [folder] = [folder for folder in scan(root) if folder.path == "a/"]
    status = (root / "a/c").stat()
    assert list(folder.stamp(0)) == [2, status.st_mtime_ns, status.st_ctime_ns, status.st_ino]


def test_names_of_any_bytes_are_found(tmp_path: Path) -> None:
    names = [os.fsdecode(name) for name in (b"\xff\xfe", b"new\nline", b'quo"te\\', b" ", "ü漢".encode())]
    root = write(tmp_path, dict.fromkeys(names, b"x"))
    assert paths(root) == sorted(names)


def test_empty_folders_are_in_no_version(tmp_path: Path) -> None:
    (tmp_path / "empty/deeper").mkdir(parents=True)
    assert list(scan(tmp_path)) == []


def test_folders_of_programs_are_left_out_at_the_top_alone(tmp_path: Path) -> None:
    write(tmp_path, {".git/config": b"", ".dvc/config": b"", "a/.git/kept": b"", ".gitignore": b""})
    assert paths(tmp_path) == [".gitignore", "a/.git/kept"]


def test_what_is_no_regular_file_is_named_and_all_of_it(tmp_path: Path) -> None:
    write(tmp_path, {"fine": b""})
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(os.path.relpath(tmp_path / "socket"))
    with pytest.raises(UnfitFiles) as refused:
        paths(tmp_path)
    assert sorted(refused.value.complaints) == ["pipe is a pipe", "socket is a socket"]


def test_a_link_to_a_file_of_the_tree_counts_as_that_file(tmp_path: Path) -> None:
    write(tmp_path, {"a/real": b"content"})
    (tmp_path / "link").symlink_to("a/real")
    [folder] = [folder for folder in scan(tmp_path) if not folder.path]
    assert (list(folder.names), folder.stamp(0)[3]) == (["link"], (tmp_path / "a/real").stat().st_ino)


@pytest.mark.parametrize(
    ("target", "complaint"),
    [
        ("../outside", "is a link out of the folder"),
        ("nowhere", "is a link that leads nowhere"),
        ("folder", "is a link to a folder"),
        ("link", "is a link that leads nowhere"),
    ],
)
def test_other_links_are_refused(tmp_path: Path, target: str, complaint: str) -> None:
    write(tmp_path, {"outside": b"", "tree/folder/file": b""})
    (tmp_path / "tree/link").symlink_to(target)
    with pytest.raises(UnfitFiles, match=complaint):
        paths(tmp_path / "tree")


def test_a_work_tree_may_be_reached_through_a_link(tmp_path: Path) -> None:
    write(tmp_path / "tree", {"a": b""})
    (tmp_path / "link").symlink_to("tree")
    assert paths(tmp_path / "link") == ["a"]


def test_a_root_that_is_missing_or_no_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="nothing-here does not exist"):
        paths(tmp_path / "nothing-here")
    with pytest.raises(BadInput, match="is no folder"):
        paths(write(tmp_path, {"file": b""}) / "file")


def test_a_path_longer_than_programs_can_open_is_named(tmp_path: Path) -> None:
    here = os.open(tmp_path, os.O_RDONLY)
    for _ in range(20):
        os.mkdir("n" * 250, dir_fd=here)
        deeper = os.open("n" * 250, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = deeper
    os.close(os.open("file", os.O_CREAT, dir_fd=here))
    os.close(here)
    with pytest.raises(BadInput, match="longer than the 4096 bytes"):
        paths(tmp_path)


def test_more_complaints_than_a_person_reads_are_counted(tmp_path: Path) -> None:
    for number in range(9):
        os.mkfifo(tmp_path / str(number))
    with pytest.raises(UnfitFiles, match=r"9 entries .* and 4 more"):
        paths(tmp_path)


@pytest.mark.needs("root")
@pytest.mark.parametrize(("folder", "mode"), [("tree", 0o300), ("tree/locked", 0o600), (".", 0o600)])
def test_a_folder_that_its_reader_may_not_open_is_named(tmp_path: Path, folder: str, mode: int) -> None:
    write(tmp_path / "place/tree/locked", {"file": b""})

    def look() -> None:
        with pytest.raises(Denied, match="cannot be read: Permission denied"):
            paths(tmp_path / "place/tree")

    as_plain_user(tmp_path, look, locked={tmp_path / "place" / folder: mode})

import bz2
import gzip
import io
import lzma
import os
import random
import stat
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest

from resources.data.making.sources import archive
from resources.data.making.sources.archive import ArchiveSource
from resources.data.making.sources.model import LabelsFrom
from resources.errors import BadInput, NotFound
from tests.resources.data.making.sources.taken import Taker, told
from tests.resources.data.shapes import image

FORMS = [".zip", ".tar", ".tar.gz", ".tar.xz"]


def pack(path: Path, files: dict[str, bytes]) -> None:
    """Write an archive of the form that the name of ``path`` says."""
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
            for name, content in files.items():
                packed.writestr(name, content)
        return
    form = path.suffix.removeprefix(".")
    with tarfile.open(path, "w:" if form == "tar" else f"w:{form}") as rolled:  # type: ignore[call-overload]
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            rolled.addfile(member, io.BytesIO(content))


@pytest.mark.parametrize("form", FORMS)
def test_the_images_of_an_archive_come_with_their_folders_as_labels(
    taker: Taker, tmp_path: Path, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for kind in ("_ZipReader", "_TarReader"):
        monkeypatch.setattr(archive, kind, taker.counted(getattr(archive, kind)))
    path = tmp_path / f"pictures{form}"
    pack(path, {f"set/{'dark' if one % 2 == 0 else 'light'}/{one}.png": image(one) for one in range(6)})
    source = ArchiveSource("box", path.name, LabelsFrom.FOLDER)
    first = taker.take(source)
    assert [(file.name, file.labels) for file in first.files] == [
        (f"box/set/{label}/{one}.png", (label,)) for one, label in enumerate(["dark", "light"] * 3)
    ]
    assert [taker.objects.read(file.stored.md5) for file in first.files] == [image(one) for one in range(6)]
    assert len(taker.read) == 6
    assert taker.take(source) == first
    assert len(taker.read) == 6
    assert {one.name for one in tmp_path.iterdir()} == {path.name, "cache", ".source-box.jsonl"}


@pytest.mark.parametrize("form", [".zip", ".tar.gz"])
def test_names_that_lead_out_write_nothing_and_are_told(taker: Taker, tmp_path: Path, form: str) -> None:
    names = ["../out.png", "/etc/out.png", "a/../../out.png", "a\\..\\out.png", "good.png"]
    pack(tmp_path / f"evil{form}", {name: image(place) for place, name in enumerate(names)})
    taken = taker.take(ArchiveSource("box", f"evil{form}"))
    assert [file.name for file in taken.files] == ["box/good.png"]
    assert len(taken.strays) == 4
    assert all("leads out" in problem for problem in told(taken).values())


def test_links_and_devices_are_no_files(taker: Taker, tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "evil.tar", "w") as rolled:
        for name, kind in (
            ("link.png", tarfile.SYMTYPE),
            ("hard.png", tarfile.LNKTYPE),
            ("pipe.png", tarfile.FIFOTYPE),
        ):
            member = tarfile.TarInfo(name)
            member.type, member.linkname = kind, "/etc/passwd"
            rolled.addfile(member)
    with zipfile.ZipFile(tmp_path / "evil.zip", "w") as packed:
        link = zipfile.ZipInfo("link.png")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        packed.writestr(link, "/etc/passwd")
    for name, count in (("evil.tar", 3), ("evil.zip", 1)):
        taken = taker.take(ArchiveSource("box", name))
        assert taken.files == ()
        assert list(told(taken).values()) == ["it is a link or a device, no file"] * count


def test_a_bomb_is_cut_off(taker: Taker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pack(tmp_path / "bomb.zip", {"bomb.png": bytes(20 * 1024 * 1024), "good.png": image(1)})
    taken = taker.take(ArchiveSource("box", "bomb.zip"))
    assert [file.name for file in taken.files] == ["box/good.png"]
    assert "times its packed size" in told(taken)["box/bomb.png"]
    monkeypatch.setattr(archive, "MAX_FILE_BYTES", 1024)
    pack(tmp_path / "large.tar.gz", {"large.png": bytes(2000), "good.png": image(1)})
    taken = taker.take(ArchiveSource("roll", "large.tar.gz"))
    assert [file.name for file in taken.files] == ["roll/good.png"]
    monkeypatch.setattr(archive, "MAX_MEMBERS", 1)
    for name in ("bomb.zip", "large.tar.gz"):
        with pytest.raises(BadInput, match="claims 2 members"):
            taker.take(ArchiveSource("other", name))


@pytest.mark.parametrize("form", [".tar.gz", ".tar.xz", ".tar.bz2"])
@pytest.mark.parametrize("is_member", [False, True])
def test_a_packed_tar_that_grows_without_end_is_refused(
    taker: Taker, tmp_path: Path, form: str, is_member: bool
) -> None:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as rolled:
        for name, size in (("a.png", 4000), *([("b.png", 40 * 1024 * 1024)] if is_member else [])):
            member = tarfile.TarInfo(name)
            member.size = size
            rolled.addfile(member, io.BytesIO(bytes(size)))
    zeros = bytes(0 if is_member else 40 * 1024 * 1024)
    opened: dict[str, Any] = {".tar.gz": gzip.open, ".tar.xz": lzma.open, ".tar.bz2": bz2.open}
    with opened[form](tmp_path / f"bomb{form}", "wb") as packed:
        packed.write(content.getvalue() + zeros)
    with pytest.raises(BadInput, match="grows to more than 16 MiB"):
        taker.take(ArchiveSource("box", f"bomb{form}"))


def test_a_plain_tar_is_not_read_behind_its_last_file(tmp_path: Path) -> None:
    pack(tmp_path / "plain.tar", {"a.png": image(1)})
    with (tmp_path / "plain.tar").open("ab") as file:
        file.truncate(64 * 1024 * 1024)
    with ArchiveSource("box", "plain.tar").opened(tmp_path) as reader:
        assert isinstance(reader, archive._TarReader)
        assert len(list(reader.entries())) == 1
        assert reader.rolled.fileobj is not None
        assert reader.rolled.fileobj.tell() < 1024 * 1024


def test_what_packers_leave_beside_is_passed_over_and_what_is_no_image_is_told(
    taker: Taker, tmp_path: Path
) -> None:
    files = {"__MACOSX/._a.png": b"x", ".hidden.png": b"x", "notes.txt": b"x", "a.png": image(1)}
    pack(tmp_path / "box.zip", files)
    taken = taker.take(ArchiveSource("box", "box.zip"))
    assert list(told(taken)) == ["box/notes.txt"]
    assert [file.name for file in taken.files] == ["box/a.png"]


def test_a_name_that_stands_twice_counts_once(taker: Taker, tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "twice.tar", "w") as rolled:
        for number in (1, 2):
            member = tarfile.TarInfo("a.png")
            member.size = len(image(number))
            rolled.addfile(member, io.BytesIO(image(number)))
    taken = taker.take(ArchiveSource("box", "twice.tar"))
    assert len(taken.files) == 1
    assert told(taken) == {"box/a.png": "the archive holds this name twice"}


@pytest.mark.parametrize("form", FORMS)
def test_a_damaged_archive_is_refused_by_name(taker: Taker, tmp_path: Path, form: str) -> None:
    path = tmp_path / f"cut{form}"
    pack(path, {f"{one}.png": os.urandom(4000) for one in range(5)})
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(BadInput, match="cannot be read") as refused:
        taker.take(ArchiveSource("box", path.name))
    assert "cut" in refused.value.problem
    path.write_bytes(b"no archive at all")
    with pytest.raises(BadInput, match="cannot be read"):
        taker.take(ArchiveSource("box", path.name))


@pytest.mark.parametrize("form", [".tar.gz", ".tar.xz", ".tar.bz2"])
def test_an_archive_in_which_some_bytes_are_wrong_is_refused_by_name(
    taker: Taker, tmp_path: Path, form: str
) -> None:
    path = tmp_path / f"shapes{form}"
    pack(path, {f"{number}.png": random.Random(number).randbytes(500) for number in range(300)})
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 40] = bytes(40)
    path.write_bytes(content)
    with pytest.raises(BadInput, match=r"archive .*shapes\.tar\..* of source shapes cannot be read"):
        taker.take(ArchiveSource("shapes", path.name))


def test_a_member_of_a_zip_that_is_damaged_is_told_and_the_others_come(taker: Taker, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "shapes.zip", "w", zipfile.ZIP_LZMA) as packed:
        packed.writestr("0.png", image(0) * 20)
        packed.writestr("1.png", image(1))
    content = bytearray((tmp_path / "shapes.zip").read_bytes())
    content[60:80] = b"\xff" * 20
    (tmp_path / "shapes.zip").write_bytes(content)
    taken = taker.take(ArchiveSource("shapes", "shapes.zip"))
    assert [file.name for file in taken.files] == ["shapes/1.png"]
    assert "cannot be unpacked" in taken.strays[0].problem


def test_a_missing_archive_and_a_bad_name_are_refused(taker: Taker) -> None:
    with pytest.raises(NotFound, match=r"gone\.zip of source box is not there"):
        taker.take(ArchiveSource("box", "gone.zip"))
    with pytest.raises(BadInput, match=r"'\.\./box' is not of the form"):
        ArchiveSource("../box", "a.zip")

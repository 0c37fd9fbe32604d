"""The format of packs."""

import io
import os
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.data.tiers.packs import BadPack, NotItsName, PackWriter, is_compressible, read_index, unpacked
from tests.resources.data.auditor import md5_of

CONTENTS = st.lists(
    st.one_of(
        st.binary(max_size=300),
        st.builds(lambda one, count: one * count, st.binary(max_size=9), st.integers(0, 9_000)),
    ),
    max_size=8,
)


def packed(path: Path, contents: list[bytes]) -> tuple[str, int]:
    writer = PackWriter(path)
    for content in contents:
        writer.add(md5_of(content), io.BytesIO(content), len(content))
    name, size, _ = writer.finish()
    return name, size


@given(contents=CONTENTS)
def test_all_comes_out_of_a_pack_with_nothing_but_the_file(
    contents: list[bytes], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("packs") / "pack"
    name, size = packed(path, contents)
    whole = path.read_bytes()
    index = read_index(lambda start, stop: whole[start:stop], size, name)
    with path.open("rb") as file:
        assert [b"".join(unpacked(one, file, one.offset)) for one in index] == contents
    again = PackWriter(path.with_name("copy"))
    with path.open("rb") as file:
        for one in index:
            again.take(one, file, one.offset)
    assert again.finish()[0] == name


def test_what_can_be_compressed_is_and_what_cannot_is_not() -> None:
    assert is_compressible(io.BytesIO(b"text " * 100_000), 500_000)
    noise = os.urandom(200_000)
    assert not is_compressible(io.BytesIO(noise), len(noise))
    assert is_compressible(io.BytesIO(noise[:1000] + bytes(900_000)), 901_000)  # its head tells nothing


def test_a_content_that_has_another_name_goes_in_nowhere(tmp_path: Path) -> None:
    writer = PackWriter(tmp_path / "pack")
    with pytest.raises(NotItsName):
        writer.add(md5_of(b"other"), io.BytesIO(b"content"), 7)
    with pytest.raises(NotItsName):
        writer.add(md5_of(b"content"), io.BytesIO(b"content"), 5)
    writer.add(md5_of(b"right"), io.BytesIO(b"right"), 5)
    _, _, entries = writer.finish()
    assert [one.name for one in entries] == [md5_of(b"right")]


def test_every_byte_that_is_changed_is_noticed(tmp_path: Path) -> None:
    contents = [b"text " * 300, bytes(range(200))]
    name, size = packed(tmp_path / "pack", contents)
    whole = (tmp_path / "pack").read_bytes()
    index = read_index(lambda start, stop: whole[start:stop], size, name)
    for place in range(0, size, 7):
        changed = whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :]
        try:
            found = read_index(lambda start, stop: changed[start:stop], size, name)  # noqa: B023 - read at once
        except BadPack:
            continue
        assert found == index
        for one, content in zip(index, contents, strict=True):
            try:
                assert b"".join(unpacked(one, io.BytesIO(changed), one.offset)) == content
            except NotItsName:
                continue


def test_a_pack_that_is_cut_short_or_none_is_told(tmp_path: Path) -> None:
    name, size = packed(tmp_path / "pack", [b"content"])
    whole = (tmp_path / "pack").read_bytes()
    with pytest.raises(BadPack, match="cut short"):
        read_index(lambda start, stop: whole[start:stop], size - 1, name)
    with pytest.raises(BadPack, match="begin"):
        read_index(lambda start, stop: b"x" * (stop - start), size, name)
    with pytest.raises(BadPack, match="begin"):
        read_index(lambda start, stop: whole[start:stop], 3, name)


def test_an_object_of_another_size_is_not_taken(tmp_path: Path) -> None:
    writer = PackWriter(tmp_path / "pack")
    writer.add(md5_of(b"content"), io.BytesIO(b"content"), 7)
    _, _, [entry] = writer.finish()
    with (tmp_path / "pack").open("rb") as file, pytest.raises(NotItsName):
        list(unpacked(replace(entry, size_bytes=8), file, entry.offset))

"""A version that is erased while it is given out: one of the two is refused, and nobody keeps its bytes."""

from pathlib import Path

import pytest

from resources.data.versions.errors import UnusableVersion
from resources.errors import Conflict
from tests.resources.data.collecting.stores import ANN, DIGITS, Store

OLD, NEW = {"a": b"only in the old one"}, {"a": b"new"}


@pytest.fixture
def both(kept: Store, tmp_path: Path) -> Store:
    """A store with v1.0, at which no folder is any more, and v1.1."""
    kept.commit(tmp_path / "folder", OLD)
    kept.commit(tmp_path / "folder", NEW)
    return kept


def test_what_is_erased_meanwhile_is_not_given_out(both: Store, tmp_path: Path) -> None:
    def erase(files: int, size_bytes: int, to_come: int = 0) -> None:
        if files:
            both.keeper.erase(DIGITS, "v1.0", ANN)

    with pytest.raises(UnusableVersion):
        both.versions.restore(DIGITS, "v1.0", tmp_path / "given", erase)
    assert not (tmp_path / "given").exists()
    assert both.bytes_everywhere(OLD["a"]) == []
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_what_is_all_but_given_out_is_not_erased(
    both: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rename = Path.rename

    def try_to_erase(draft: Path, target: Path) -> Path:
        monkeypatch.undo()
        with pytest.raises(Conflict, match="work tree"):
            both.keeper.erase(DIGITS, "v1.0", ANN)
        return rename(draft, target)

    monkeypatch.setattr(Path, "rename", try_to_erase)
    both.versions.restore(DIGITS, "v1.0", tmp_path / "given")
    assert (tmp_path / "given/a").read_bytes() == OLD["a"]

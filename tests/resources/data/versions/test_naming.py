"""What versions and branches are called: fixed forms, which others rely on."""

import re
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from resources.data.versions.service import VersionService
from resources.database.engine import Database
from resources.home import Home
from tests.resources.data.collecting.stores import ANN, DIGITS, Store

NOW = datetime(2026, 11, 27, 5, 59, 58, tzinfo=timezone(timedelta(hours=8)))


@pytest.fixture
def store(any_database: Database, tmp_path: Path) -> Store:
    """A store with v1.0 in the folder ``first``."""
    made = Store(Home(tmp_path / "home"), any_database)
    made.commit(tmp_path / "first", {"a": b"1"})
    return made


def test_branches_of_one_second_and_branches_of_branches_have_names_of_the_fixed_form(store: Store) -> None:
    versions = VersionService(store.home, store.database, lambda: NOW)
    made = [versions.branch(DIGITS, "v1.0", "ann-2", ANN) for _ in range(3)]
    made.append(versions.branch(DIGITS, made[0].name, "ann-2", ANN))
    made.append(versions.branch(DIGITS, "v1.0", "bob", ANN))
    assert [one.name for one in made] == [
        "digits_v1.0_ann-2_20261126T215958Z",
        "digits_v1.0_ann-2_20261126T215959Z",
        "digits_v1.0_ann-2_20261126T220000Z",
        "digits_v1.0_ann-2_20261126T220001Z",
        "digits_v1.0_bob_20261126T215958Z",
    ]
    assert {one.created_at.astimezone(UTC) for one in versions.branches(DIGITS)} == {NOW.astimezone(UTC)}


def test_who_was_overtaken_gets_a_branch_and_versions_whose_names_have_the_fixed_form(
    store: Store, tmp_path: Path
) -> None:
    for name in ("ahead", "behind"):
        store.versions.restore(DIGITS, "v1.0", tmp_path / name)
        (tmp_path / name / "a").unlink()
    store.commit(tmp_path / "ahead", {"b": b"2"})
    first = store.commit(tmp_path / "behind", {"c": b"3"}).version
    second = store.commit(tmp_path / "behind", {"d": b"4"}).version
    found = re.fullmatch(r"(digits_v1\.0_[a-z0-9-]+_\d{8}T\d{6}Z)@1", first.key)
    assert found is not None, first.key
    assert (first.branch, second.key) == (found[1], f"{found[1]}@2")

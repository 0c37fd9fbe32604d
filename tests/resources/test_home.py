"""The home: where it lies, its addresses, its secrets."""

import json
import threading
from pathlib import Path

import pytest

from resources.errors import BadInput
from resources.home import Addresses, Home, Secrets, read_or_make_secrets


def test_the_home_is_what_the_environment_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TRAINPLAT_HOME", str(tmp_path / "x"))
    assert Home.from_environment() == Home(tmp_path / "x")
    monkeypatch.setenv("TRAINPLAT_HOME", "~/y")
    assert Home.from_environment() == Home(Path.home() / "y")
    monkeypatch.delenv("TRAINPLAT_HOME")
    assert Home.from_environment() == Home(Path.home() / ".trainplat")


def test_an_empty_name_of_a_home_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAINPLAT_HOME", " ")
    with pytest.raises(BadInput, match="TRAINPLAT_HOME is empty"):
        Home.from_environment()


def test_asking_where_things_lie_makes_nothing(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    places = [
        *(home.dagster, home.data, home.served, home.mlflow, home.label_studio, home.logs, home.run),
        *(home.secrets_file, home.addresses_file),
    ]
    assert all(place.is_relative_to(home.path) for place in places)
    assert len(set(places)) == len(places)
    assert home.addresses() == Addresses()
    assert not home.path.exists()


def test_addresses_come_from_the_supervisor_and_the_environment_wins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = Home(tmp_path)
    home.run.mkdir()
    home.addresses_file.write_text(json.dumps({"mlflow": "http://a", "dagster": "http://b"}))
    monkeypatch.setenv("TRAINPLAT_MLFLOW_URL", "http://c")
    assert home.addresses() == Addresses(mlflow="http://c", dagster="http://b")


def test_the_database_is_a_file_in_the_home_unless_told_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert Home(tmp_path).database().url == f"sqlite:///{tmp_path}/trainplat.db"
    monkeypatch.setenv("TRAINPLAT_DATABASE_URL", "postgresql+psycopg2://x/y")
    assert Home(tmp_path).database().url == "postgresql+psycopg2://x/y"


def test_the_short_name_of_postgresql_is_understood(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TRAINPLAT_DATABASE_URL", "postgres://anna:geheim@db/lab")
    assert Home(tmp_path).database().url == "postgresql://anna:geheim@db/lab"


@pytest.mark.parametrize("url", ["geheim", "postgresql://anna:geheim@db:port/x", "mysql://anna:geheim@db/x"])
def test_a_database_that_cannot_be_used_is_refused_without_its_password(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, url: str
) -> None:
    monkeypatch.setenv("TRAINPLAT_DATABASE_URL", url)
    with pytest.raises(BadInput, match="TRAINPLAT_DATABASE_URL") as told:
        Home(tmp_path).database()
    assert "geheim" not in str(told.value)
    assert "PostgreSQL" in told.value.next_step or "postgresql://" in told.value.next_step


def test_secrets_are_random_kept_and_for_the_owner_only(tmp_path: Path) -> None:
    first, second = Home(tmp_path / "a"), Home(tmp_path / "b")
    made = read_or_make_secrets(first)
    assert read_or_make_secrets(first) == made
    assert read_or_make_secrets(second) != made
    assert first.secrets_file.stat().st_mode & 0o777 == 0o600
    assert len(made.label_studio_token) == 40
    assert sorted(path.name for path in first.path.iterdir()) == ["secrets.json"]


def test_of_many_that_make_secrets_at_once_all_get_the_same(tmp_path: Path) -> None:
    made: list[Secrets] = []
    home = Home(tmp_path / "home")
    threads = [threading.Thread(target=lambda: made.append(read_or_make_secrets(home))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 8
    assert len(set(made)) == 1


def test_secrets_that_another_process_made_meanwhile_stay(tmp_path: Path) -> None:
    home = Home(tmp_path)
    made = read_or_make_secrets(home)
    from resources.home import _make_secrets

    _make_secrets(home)
    assert read_or_make_secrets(home) == made
    assert [path.name for path in tmp_path.iterdir()] == ["secrets.json"]

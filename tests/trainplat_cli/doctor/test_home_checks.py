import os
from pathlib import Path

import pytest

from resources.home import Home, read_or_make_secrets
from trainplat_cli.doctor import home_checks
from trainplat_cli.doctor.model import Verdict
from trainplat_cli.supervisor.prepare import mark_home, marker_file


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path / "home")
    mark_home(made)
    return made


def test_a_home_that_is_ours_is_well(home: Home) -> None:
    assert [found.verdict for found in home_checks.folder(home)] == [Verdict.WELL]


def test_a_home_that_is_not_made_yet_is_no_trouble(tmp_path: Path) -> None:
    home = Home(tmp_path / "later")
    for check in (home_checks.folder, home_checks.secrets, home_checks.database):
        assert [found.verdict for found in check(home)] == [Verdict.SKIPPED]
    assert not home.path.exists()


def test_a_folder_of_somebody_else_is_ill(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").touch()
    (found,) = home_checks.folder(Home(tmp_path))
    assert found.verdict is Verdict.ILL
    assert "thesis.txt" in found.detail


def test_a_home_begun_by_the_dagster_command_is_taken_up(tmp_path: Path) -> None:
    (tmp_path / "trainplat.db").touch()
    assert [found.verdict for found in home_checks.folder(Home(tmp_path))] == [Verdict.WELL]
    assert marker_file(Home(tmp_path)).exists()


def test_a_home_that_cannot_be_written_is_ill(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda _path, _mode: False)
    (found,) = home_checks.folder(home)
    assert found.verdict is Verdict.ILL
    assert "chown" in found.next_step


def test_a_home_that_is_a_file_is_ill_and_nothing_else_fails(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("not a folder")
    home = Home(tmp_path / "home")
    (found,) = home_checks.folder(home)
    assert found.verdict is Verdict.ILL
    assert "is not a folder" in found.detail
    for check in (home_checks.secrets, home_checks.database):
        assert [found.verdict for found in check(home)] == [Verdict.SKIPPED]


def test_a_home_that_others_can_enter_is_ill(home: Home) -> None:
    home.path.chmod(0o750)
    (found,) = home_checks.folder(home)
    assert found.verdict is Verdict.ILL
    assert found.next_step == f"chmod 700 {home.path}"


def test_secrets_that_others_can_read_are_ill(home: Home) -> None:
    read_or_make_secrets(home)
    assert [found.verdict for found in home_checks.secrets(home)] == [Verdict.WELL]
    home.label_studio.mkdir()
    key = home.label_studio / ".env"
    key.touch(0o644)
    home.secrets_file.chmod(0o640)
    found = list(home_checks.secrets(home))
    assert [one.verdict for one in found] == [Verdict.ILL, Verdict.ILL]
    assert [one.next_step for one in found] == [f"chmod 600 {home.secrets_file}", f"chmod 600 {key}"]


def test_a_database_that_cannot_be_read_is_ill(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    with home.database().read() as connection:
        connection.exec_driver_sql("SELECT 1")
    (home.path / "trainplat.db").touch()
    assert [found.verdict for found in home_checks.database(home)] == [Verdict.WELL]
    monkeypatch.setenv("TRAINPLAT_DATABASE_URL", "sqlite:////nowhere/at/all.db")
    (found,) = home_checks.database(home)
    assert found.verdict is Verdict.ILL
    assert "TRAINPLAT_DATABASE_URL" in found.next_step

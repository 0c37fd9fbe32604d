import stat
from pathlib import Path

import pytest

from resources.errors import Conflict
from resources.home import Home, read_or_make_secrets
from trainplat_cli.demo import fresh
from trainplat_cli.demo.fresh import remove_state
from trainplat_cli.supervisor.prepare import mark_home, marker_file, prepare
from trainplat_cli.supervisor.record import only_supervisor


@pytest.fixture
def home(trainplat_home: Path) -> Home:
    home = Home(trainplat_home)
    prepare(home, 4266)
    cache = home.data / "cache"
    cache.mkdir(parents=True)
    (cache / "object").write_text("read-only, as the data store keeps it")
    (cache / "object").chmod(0o444)
    cache.chmod(0o555)
    (home.path / "trainplat.db-wal").touch()
    (home.trainings / "digits" / "v1.0-0a1b2c3d").mkdir(parents=True)
    return home


def test_all_state_goes_and_the_home_stays_ours(home: Home) -> None:
    secrets = home.secrets_file.read_text()
    assert remove_state(home)
    assert {found.name for found in home.path.iterdir()} == {marker_file(home).name, "run"}
    prepare(home, 4266)
    assert read_or_make_secrets(home)
    assert home.secrets_file.read_text() != secrets


@pytest.mark.parametrize("url", ["postgresql://anna:geheim@db/trainplat", "sqlite:////srv/trainplat.db"])
def test_a_home_whose_tables_are_elsewhere_is_left_alone(
    home: Home, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("TRAINPLAT_DATABASE_URL", url)
    with pytest.raises(Conflict, match="TRAINPLAT_DATABASE_URL is ") as refused:
        remove_state(home)
    assert "geheim" not in str(refused.value)
    assert url.rpartition("/")[2] in refused.value.problem
    assert home.secrets_file.exists()
    assert (home.data / "cache" / "object").exists()


def test_what_is_not_of_trainplat_stays(home: Home) -> None:
    (home.path / "notes.txt").write_text("mine")
    remove_state(home)
    assert (home.path / "notes.txt").read_text() == "mine"


def test_a_folder_that_trainplat_did_not_make_is_left_alone(tmp_path: Path) -> None:
    home = Home(tmp_path)
    (home.path / "data").mkdir()
    (home.path / "data" / "thesis.txt").write_text("irreplaceable")
    with pytest.raises(Conflict, match="was not made by trainplat"):
        remove_state(home)
    assert (home.path / "data" / "thesis.txt").exists()


def test_a_home_whose_stack_runs_is_left_alone(home: Home) -> None:
    with only_supervisor(home), pytest.raises(Conflict, match="runs already"):
        remove_state(home)
    assert home.secrets_file.exists()


@pytest.mark.parametrize("made", [True, False])
def test_nothing_to_remove_is_no_error(tmp_path: Path, made: bool) -> None:
    home = Home(tmp_path / "home")
    if made:
        home.path.mkdir()
    assert not remove_state(home)
    mark_home(home)
    assert remove_state(home)


def test_what_a_killed_removal_left_goes_with_the_next(home: Home) -> None:
    left = home.path / ".old-1234"
    left.mkdir(mode=0o500)
    remove_state(home)
    assert not left.exists()
    assert not list(home.path.glob(".old-*"))


def test_a_broken_home_can_be_removed_too(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_home: Home) -> int:
        raise ValueError("database disk image is malformed")

    monkeypatch.setattr(fresh, "put_runs_back", broken)
    assert remove_state(home)


def test_folders_that_cannot_be_entered_are_removed(home: Home) -> None:
    locked = home.mlflow / "locked"
    locked.mkdir()
    (locked / "file").touch()
    locked.chmod(0)
    assert remove_state(home)
    assert stat.S_IMODE(home.path.stat().st_mode) == 0o700

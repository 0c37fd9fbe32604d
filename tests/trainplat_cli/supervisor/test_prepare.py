import json
import os
import signal
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from resources.errors import BadInput, Conflict, Denied, NotFound, Unavailable
from resources.home import Home
from tests.servers.dagster_instances import copy_instance
from trainplat_cli.supervisor import prepare as module
from trainplat_cli.supervisor.marked import mark_of, marked_processes
from trainplat_cli.supervisor.prepare import (
    CHECKOUT,
    STORAGES,
    link_instance,
    make_storages,
    mark_home,
    marker_file,
    prepare,
    workspace_file,
)

MARK = "mark-of-these-tests"
MAKER = """
import signal, sys
from pathlib import Path
from resources.home import Home
from trainplat_cli.supervisor.prepare import make_storages

signal.signal(signal.SIGINT, lambda *_: None)
make_storages(Home(Path(sys.argv[1])), sys.argv[2])
"""


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


def test_a_home_is_made_for_its_owner_only(home: Home) -> None:
    prepare(home, 4266)
    assert stat.S_IMODE(home.path.stat().st_mode) == 0o700
    assert stat.S_IMODE(home.secrets_file.stat().st_mode) == 0o600
    assert marker_file(home).exists()


def test_a_home_that_others_could_read_is_closed_to_them(home: Home) -> None:
    home.logs.mkdir(parents=True)
    home.path.chmod(0o755)
    mark_home(home)
    assert stat.S_IMODE(home.path.stat().st_mode) == 0o700
    home.path.chmod(0o770)
    mark_home(home)
    assert stat.S_IMODE(home.path.stat().st_mode) == 0o700


def test_a_home_that_is_a_file_is_refused(home: Home) -> None:
    home.path.write_text("not a folder")
    with pytest.raises(BadInput, match=r"TRAINPLAT_HOME names .*home, which is not a folder"):
        mark_home(home)


def test_a_home_that_cannot_be_written_is_refused(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    home.path.mkdir()
    monkeypatch.setattr(os, "access", lambda _path, _mode: False)  # root may write everywhere
    with pytest.raises(Denied, match="cannot be written by this user"):
        mark_home(home)


def test_preparing_twice_changes_nothing_but_the_port(home: Home) -> None:
    prepare(home, 4266)
    secrets = home.secrets_file.read_text()
    prepare(home, 4267)
    assert home.secrets_file.read_text() == secrets
    server = json.loads(workspace_file(home).read_text())["load_from"][0]["grpc_server"]
    assert server == {"host": "127.0.0.1", "port": 4267, "location_name": "trainplat"}


def test_the_instance_is_the_one_of_the_checkout(home: Home) -> None:
    link_instance(home)
    assert (home.dagster / "dagster.yaml").resolve() == CHECKOUT / "dagster.yaml"


def test_a_link_to_another_checkout_is_set_right(home: Home, tmp_path: Path) -> None:
    home.dagster.mkdir(parents=True)
    (home.dagster / "dagster.yaml").symlink_to(tmp_path / "elsewhere.yaml")
    link_instance(home)
    assert (home.dagster / "dagster.yaml").readlink() == CHECKOUT / "dagster.yaml"


def test_settings_that_somebody_wrote_are_not_overwritten(home: Home) -> None:
    home.dagster.mkdir(parents=True)
    (home.dagster / "dagster.yaml").write_text("telemetry: {enabled: true}")
    with pytest.raises(Conflict, match="is a file of its own"):
        link_instance(home)


def test_a_checkout_without_its_instance_says_so(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CHECKOUT", tmp_path)
    with pytest.raises(NotFound, match=r"dagster\.yaml is missing"):
        link_instance(home)


@pytest.mark.parametrize("sign", ["?", "#"])
def test_a_home_whose_path_a_url_cannot_hold_is_refused(tmp_path: Path, sign: str) -> None:
    with pytest.raises(BadInput, match=r"expected a path without") as told:
        mark_home(Home(tmp_path / f"what{sign}" / "home"))
    assert "another name" in told.value.next_step
    assert list(tmp_path.iterdir()) == []


def test_a_folder_with_other_things_does_not_become_a_home(home: Home) -> None:
    home.path.mkdir()
    (home.path / "thesis.txt").write_text("irreplaceable")
    home.path.chmod(0o755)
    with pytest.raises(Conflict, match=r"holds other things than a trainplat home: thesis\.txt"):
        mark_home(home)
    assert [found.name for found in home.path.iterdir()] == ["thesis.txt"]
    assert stat.S_IMODE(home.path.stat().st_mode) == 0o755


def test_whatever_lies_in_a_home_is_known_as_ours(home: Home) -> None:
    parts = [name for name, one in vars(Home).items() if isinstance(one, property)]
    for part in parts:
        path: Path = getattr(home, part)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("") if path.suffix else path.mkdir(exist_ok=True)
    mark_home(home)
    assert marker_file(home).exists()


def test_a_home_that_the_dagster_command_began_is_taken_up(home: Home) -> None:
    (home.path / "data").mkdir(parents=True)
    (home.path / "trainplat.db").touch()
    mark_home(home)
    (home.path / "notes.txt").write_text("put there later")
    mark_home(home)
    assert marker_file(home).exists()


def revisions(storage: Path) -> list[str]:
    with closing(sqlite3.connect(storage)) as connection:
        return [row[0] for row in connection.execute("SELECT version_num FROM alembic_version")]


@pytest.mark.real
def test_the_databases_of_the_instance_are_made_once_however_many_begin(home: Home) -> None:
    mark_home(home)
    link_instance(home)
    make = [sys.executable, "-m", "resources.runs.instance", str(home.dagster)]
    begun = [subprocess.Popen(make) for _ in range(3)]
    assert [process.wait() for process in begun] == [0, 0, 0]
    assert {storage: len(revisions(home.dagster / storage)) for storage in STORAGES} == STORAGES


def test_databases_that_are_there_are_left_alone(
    home: Home, dagster_template: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy_instance(dagster_template, home.dagster)
    monkeypatch.setattr(subprocess, "run", lambda *_args, **_more: pytest.fail("made again"))
    make_storages(home, MARK)


def test_a_database_that_was_being_made_when_all_was_killed_is_finished(
    home: Home, dagster_template: Path
) -> None:
    copy_instance(dagster_template, home.dagster)
    schedules = home.dagster / "schedules/schedules.db"
    schedules.unlink()
    schedules.touch()
    make_storages(home, MARK)
    assert len(revisions(schedules)) == 1


def test_databases_that_cannot_be_made_say_why(home: Home) -> None:
    mark_home(home)
    link_instance(home)
    (home.dagster / "schedules").write_text("not a folder")
    with pytest.raises(Unavailable, match=r"cannot be made: (?s:.)*schedules"):
        make_storages(home, MARK)


def test_an_interrupt_of_the_terminal_does_not_reach_the_making_of_the_databases(home: Home) -> None:
    mark_home(home)
    link_instance(home)
    maker = subprocess.Popen(
        [sys.executable, "-c", MAKER, str(home.path), mark_of(home.path, "one")], start_new_session=True
    )
    try:
        making = None
        while making is None:
            assert maker.poll() is None, "it ended before it began to make them"
            making = next(iter(marked_processes(home.path, "one")), None)
        os.killpg(maker.pid, signal.SIGINT)
        assert maker.wait(120) == 0
    finally:
        maker.kill()
        maker.wait()
    assert {storage: len(revisions(home.dagster / storage)) for storage in STORAGES} == STORAGES


@pytest.mark.parametrize("name", ["what?.db", "a#b.db", "100%41.db", "it's.db"])
def test_a_database_is_found_at_any_path(tmp_path: Path, name: str) -> None:
    storage = tmp_path / name
    with closing(sqlite3.connect(storage)) as connection, connection:
        connection.execute("CREATE TABLE alembic_version (version_num TEXT)")
        connection.execute("INSERT INTO alembic_version VALUES ('one')")
    assert module._is_made(storage, 1)
    assert not module._is_made(storage, 0)
    assert {found.name for found in tmp_path.iterdir()} == {name}


def test_what_is_no_database_is_not_made_yet(tmp_path: Path) -> None:
    folder, text = tmp_path / "folder.db", tmp_path / "text.db"
    folder.mkdir()
    text.write_text("no database at all, but long enough to be looked at as if it were one")
    assert not module._is_made(folder, 1)
    assert not module._is_made(text, 1)

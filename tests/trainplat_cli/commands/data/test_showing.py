"""The line on a terminal that says how far long work on data is."""

import io
from pathlib import Path
from types import SimpleNamespace

import pytest

from resources.data.storage.objects import ObjectStore
from resources.data.storage.scanning import files_below
from tests.resources.data.folders import write
from tests.trainplat_cli.commands.data.running import data
from trainplat_cli.commands.data import showing

FILES = {"a": b"a", "b/1": b"1", "b/2": b"2", "c/3": b"3"}
FULL = f"{'█' * showing.BAR_CELLS} 100"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True

    def steps(self) -> list[str]:
        """What was shown since this was asked last, one after the other."""
        shown = [line for line in self.getvalue().split("\r\x1b[K") if line]
        self.seek(0)
        self.truncate()
        return shown


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """Where the line is shown at each step."""
    shown = Terminal()
    monkeypatch.setattr(showing, "sys", SimpleNamespace(stderr=shown))
    monkeypatch.setattr(showing, "SHOWN_EVERY_S", 0)
    monkeypatch.setattr(showing, "COUNTED_AFTER_S", 0)
    return shown


@pytest.fixture
def shop(trainplat_home: Path, tmp_path: Path) -> Path:
    """A home with a version of four files and a remote; the folder of the files."""
    folder = write(tmp_path / "pets", FILES)
    data("commit", "pets", folder)
    data("remote", "add", "far", tmp_path / "far")
    return folder


def seen(terminal: Terminal, *command: str | Path) -> list[str]:
    """What of the bars is seen while a command runs: how full each is."""
    terminal.steps()
    data(*command)
    return [line.split("%")[0] for line in terminal.steps() if "%" in line]


def test_a_commit_shows_a_bar_once_it_takes_long_enough_to_count(
    terminal: Terminal, shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (shop / "c/4").write_bytes(b"4")
    steps = seen(terminal, "commit", "pets", shop)
    assert steps
    assert steps[-1] == FULL
    monkeypatch.setattr(showing, "COUNTED_AFTER_S", 3600)
    data("commit", "pets", shop)
    assert "%" not in "".join(terminal.steps()), "nobody has counted"


def test_giving_a_version_out_shows_a_bar_that_ends_full(
    terminal: Terminal, shop: Path, tmp_path: Path
) -> None:
    assert shop.is_dir()
    for command in (
        ("restore", "pets", "v1.0", "--to", tmp_path / "old"),
        ("space", "create", "mine", "pets", "--kind", "copy"),
        ("export", "pets", "v1.0", "--dvc", tmp_path / "dvc"),
    ):
        steps = seen(terminal, *command)
        assert any(" 25" in step for step in steps), command
        assert steps[-1] == FULL, command
    assert "no version, tag or branch 'v9'" in data("restore", "pets", "v9", "--to", "x", code=4).stderr


def test_work_on_objects_shows_a_bar_that_ends_full(terminal: Terminal, shop: Path, tmp_path: Path) -> None:
    assert shop.is_dir()
    for count, command in (
        (5, ("push", "pets")),
        (4, ("verify",)),
        (5, ("scrub",)),
        (4, ("import", "others", tmp_path / "dvc")),
    ):
        if command[0] == "import":
            data("export", "pets", "v1.0", "--dvc", tmp_path / "dvc")
        steps = seen(terminal, *command)
        assert f" {100 // count}" in "".join(steps[:2]), command
        assert steps[-1] == FULL, command


def test_what_comes_back_from_a_remote_is_shown_with_a_bar(
    terminal: Terminal, shop: Path, trainplat_home: Path
) -> None:
    assert shop.is_dir()
    data("push", "pets")
    for one in (trainplat_home / "data/.cache/files/md5").rglob("*"):
        if one.is_file() and not one.name.endswith(".dir"):
            one.unlink()
    steps = seen(terminal, "pull", "pets")
    assert " 25" in steps[1]
    assert steps[-1] == FULL


def test_a_push_of_several_versions_has_one_bar_that_never_goes_back(terminal: Terminal, shop: Path) -> None:
    for number in range(3):
        (shop / f"new{number}").write_bytes(b"new%d" % number)
        data("commit", "pets", shop)
    steps = seen(terminal, "push", "pets")
    full = [step.count("█") for step in steps]
    assert full == sorted(full)
    assert full[0] == 0
    assert steps[-1] == FULL


def test_moving_between_tiers_and_bringing_back_show_a_bar(
    terminal: Terminal, shop: Path, tmp_path: Path
) -> None:
    (shop / "c/4").write_bytes(b"4")
    data("commit", "pets", shop)
    (shop / "a").unlink()
    data("commit", "pets", shop)
    data("tier", "set", "warm", tmp_path / "warm")
    data("tier", "pin", "pets", "v1.0", "warm")
    data("tier", "pin", "pets", "v1.1", "warm")
    assert seen(terminal, "tier", "apply")[-1] == FULL
    data("tier", "pin", "pets", "v1.1", "hot")
    assert seen(terminal, "tier", "recall", "pets", "v1.1")[-1] == FULL


def test_a_collection_shows_a_bar_of_what_goes(
    terminal: Terminal, trainplat_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ObjectStore(trainplat_home / "data/.cache").put(b"nobody's")
    assert seen(terminal, "gc") == [], "it is young: nothing goes"
    monkeypatch.setattr("trainplat_cli.commands.data.gc.seconds_of", lambda _: 0)
    steps = seen(terminal, "gc")
    assert steps.count(FULL) == 2, "into the trash, and out of it"


def test_machines_are_shown_no_bar(terminal: Terminal, shop: Path) -> None:
    terminal.steps()
    data("commit", "pets", shop, "--json")
    data("verify", "--json")
    data("gc", "--json")
    data("scrub", "--json")
    assert terminal.steps() == []


@pytest.mark.parametrize(("done", "total", "told"), [(0, 0, ""), (3, 0, ""), (0, 4, "  0%"), (9, 4, "100%")])
def test_a_bar_is_never_more_than_full(done: int, total: int, told: str) -> None:
    shown = showing.bar(done, total)
    assert told in shown
    assert len(shown) == (showing.BAR_CELLS + len(" 100%") + 2 if total else 0)


def test_what_nothing_is_read_of_says_nothing_of_bytes(terminal: Terminal) -> None:
    with showing.reading_progress() as tell:
        tell(1234, 0)
        tell(0, 2048)
    assert terminal.steps() == ["1,234 files", "1,234 files, 2.0 KiB read"]


def test_a_second_part_of_the_work_has_a_bar_of_its_own(terminal: Terminal) -> None:
    with showing.reading_progress() as tell:
        for to_come in (2, 4):
            tell(0, 0, to_come)
            for _ in range(to_come):
                tell(1, 0)
    shares = [line.split("%")[0].split()[-1] for line in terminal.steps()]
    assert shares == ["0", "50", "100", "0", "25", "50", "75", "100"]


def test_the_line_is_written_some_times_a_second_at_most(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    moments = iter(number / 1000 for number in range(3000))
    monkeypatch.setattr(showing, "time", SimpleNamespace(monotonic=lambda: next(moments)))
    monkeypatch.setattr(showing, "SHOWN_EVERY_S", 0.2)
    with showing.reading_progress() as tell:
        for _ in range(1000):
            tell(1, 1)
    assert len(terminal.steps()) == 4


def test_nothing_is_shown_or_asked_where_there_is_no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    pipe = io.StringIO()
    monkeypatch.setattr(showing, "sys", SimpleNamespace(stderr=pipe))
    with showing.reading_progress(lambda: pytest.fail("it was asked")) as tell:
        tell(1, 1)
    assert pipe.getvalue() == ""


def test_files_are_counted_as_a_scan_will_find_them(tmp_path: Path) -> None:
    write(tmp_path, {**FILES, ".git/x": b"x", "b/.git/y": b"y"})
    (tmp_path / "b/link").symlink_to("1")
    assert files_below(tmp_path) == len(FILES) + 2
    assert files_below(tmp_path / "nowhere") == 0

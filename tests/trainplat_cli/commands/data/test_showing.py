"""The line on a terminal that says how far long work on data is."""

import io
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.resources.data.folders import write
from tests.trainplat_cli.commands.data.running import data
from trainplat_cli.commands.data import showing


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """Where the line is shown at each step."""
    shown = Terminal()
    monkeypatch.setattr(showing, "sys", SimpleNamespace(stderr=shown))
    monkeypatch.setattr(showing, "SHOWN_EVERY_S", 0)
    return shown


def test_giving_a_version_out_shows_a_bar_that_ends_full(
    terminal: Terminal, trainplat_home: Path, tmp_path: Path
) -> None:
    data("commit", "pets", write(tmp_path / "pets", {"a": b"a", "b/1": b"1", "b/2": b"2", "c/3": b"3"}))
    assert "files" in terminal.getvalue()
    assert "%" not in terminal.getvalue(), "nobody knows yet how much there is"
    for command in (
        ("restore", "pets", "v1.0", "--to", tmp_path / "old"),
        ("space", "create", "mine", "pets", "--kind", "copy"),
        ("export", "pets", "v1.0", "--dvc", tmp_path / "dvc"),
    ):
        terminal.seek(0)
        terminal.truncate()
        data(*command)
        steps = [line.split("%")[0] for line in terminal.getvalue().split("\r\x1b[K") if "%" in line]
        assert " 25" in steps[0], command
        assert steps[-1] == f"{'█' * showing.BAR_CELLS} 100", command
    terminal.seek(0)
    terminal.truncate()
    assert "no version, tag or branch 'v9'" in data("restore", "pets", "v9", "--to", "x", code=4).stderr


@pytest.mark.parametrize(("done", "total", "told"), [(0, 0, ""), (3, 0, ""), (0, 4, "  0%"), (9, 4, "100%")])
def test_a_bar_is_never_more_than_full(done: int, total: int, told: str) -> None:
    shown = showing.bar(done, total)
    assert told in shown
    assert len(shown) == (showing.BAR_CELLS + len(" 100%") + 2 if total else 0)


def test_nothing_is_shown_or_asked_where_there_is_no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    pipe = io.StringIO()
    monkeypatch.setattr(showing, "sys", SimpleNamespace(stderr=pipe))
    with showing.reading_progress(lambda: pytest.fail("it was asked")) as tell:
        tell(1, 1)
    assert pipe.getvalue() == ""

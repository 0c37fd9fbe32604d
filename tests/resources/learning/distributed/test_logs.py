"""What processes write, line by line, while they write it."""

from pathlib import Path

from resources.learning.distributed.launching import LOGS
from resources.learning.distributed.logs import LogLine, Logs, last_words, tail


def log_of(folder: Path, start: str, attempt: int, process: int, stream: str = "stderr") -> Path:
    path = folder / LOGS / start / f"attempt_{attempt}" / str(process) / f"{stream}.log"
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def test_only_lines_that_are_new_and_whole_are_told(tmp_path: Path) -> None:
    old = log_of(tmp_path, "first", 0, 0)
    old.write_text("of an earlier start\n")
    logs = Logs(tmp_path)
    assert list(logs.new_lines()) == []
    new = log_of(tmp_path, "second", 1, 3, "stdout")
    new.write_text("one\ntwo\nthr")
    assert list(logs.new_lines()) == [LogLine(1, 3, "stdout", "one"), LogLine(1, 3, "stdout", "two")]
    with new.open("a") as file:
        file.write("ee\n")
    assert list(logs.new_lines()) == [LogLine(1, 3, "stdout", "three")]
    assert list(logs.new_lines()) == []


def test_the_last_words_of_a_process_are_those_of_its_last_restart(tmp_path: Path) -> None:
    assert last_words(tmp_path, 0) is None
    log_of(tmp_path, "first", 0, 0).write_text("Traceback\nKeyError: 'old'\n")
    log_of(tmp_path, "first", 1, 0).write_text("Traceback\nKeyError: 'a'\n\n")
    log_of(tmp_path, "first", 1, 0, "stdout").write_text("told\n")
    log_of(tmp_path, "first", 1, 1).write_text("Connection closed by peer\n")
    log_of(tmp_path, "first", 1, 2).write_text("")
    assert [last_words(tmp_path, process) for process in range(4)] == [
        *("KeyError: 'a'", "Connection closed by peer", None, None)
    ]


def test_the_tail_has_the_last_lines_of_each_process_of_the_last_restart(tmp_path: Path) -> None:
    for attempt, process, text in ((0, 0, "old\n"), (1, 0, "a\nb\nc\n"), (1, 1, "d\n")):
        place = tmp_path / LOGS / "none_x" / f"attempt_{attempt}" / str(process)
        place.mkdir(parents=True)
        (place / "stderr.log").write_text(text)
        (place / "stdout.log").write_text("")
    assert [(one.process, one.text) for one in tail(tmp_path, 2)] == [(0, "b"), (0, "c"), (1, "d")]
    assert tail(tmp_path / "none", 2) == []

"""Tables that can be read on any terminal."""

import pytest

from trainplat_cli.tables import show_table

TITLES = ("run", "owner", "request", "because")
ROW = ("9e2fd6aa", "vision/mara", "2(V100)", "all of its devices are in use by others, and nobody ends soon")


def lines(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return [line.rstrip() for line in capsys.readouterr().out.splitlines()]


def test_what_looks_like_markup_is_shown_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    show_table(("a", "b"), [("[red]x", "[/]")])
    assert "[red]x  [/]" in capsys.readouterr().out


def test_a_long_sentence_is_broken_within_its_column(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "70")
    show_table(TITLES, [ROW])
    assert lines(capsys) == [
        "run       owner        request  because",
        "9e2fd6aa  vision/mara  2(V100)  all of its devices are in use by",
        "                                others, and nobody ends soon",
    ]


def test_what_has_no_room_stands_below_its_row_with_its_title(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    show_table(TITLES, [ROW, ("1", "a/b", "[1]", "-")])
    assert lines(capsys) == [
        "run       owner        request",
        "9e2fd6aa  vision/mara  2(V100)",
        "    because all of its devices are in",
        "    use by others, and nobody ends soon",
        "1         a/b          [1]",
    ]


def test_wide_letters_take_the_room_they_need(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "24")
    show_table(("运行", "所有者", "原因"), [("甲", "项目", "设备都在使用中"), ("b", "c", "d")])
    assert lines(capsys) == [
        "运行  所有者",
        "甲    项目",
        "    原因 设备都在使用中",
        "b     c",
        "    原因 d",
    ]


def test_a_pipe_gets_each_row_on_one_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    show_table(TITLES, [ROW])
    assert lines(capsys)[1] == "9e2fd6aa  vision/mara  2(V100)  " + ROW[-1]


def test_a_table_without_rows_has_its_titles(capsys: pytest.CaptureFixture[str]) -> None:
    show_table(("a", "b"), [])
    assert lines(capsys) == ["a  b"]

import io
import json
import os
import sys
from datetime import UTC, datetime, timedelta

import pytest

from resources.clock import utc_now
from trainplat_cli.output import age, duration, mebibytes, print_json
from trainplat_cli.texts import ngettext


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.04, "0.0 s"), (59.94, "59.9 s"), (60, "1 min 0 s"), (3599, "59 min 59 s"), (7800, "2 h 10 min")],
)
def test_durations_are_said_as_people_say_them(seconds: float, said: str) -> None:
    assert duration(seconds) == said


def test_durations_are_said_in_the_language_of_the_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAINPLAT_LANG", "zh_CN")
    assert [duration(8.24), duration(65), duration(7800)] == ["8.2 秒", "1 分钟 5 秒", "2 小时 10 分钟"]


def test_an_age_is_never_negative() -> None:
    assert age(utc_now() + timedelta(hours=1)) == "0.0 s"


def test_memory_is_said_in_mib() -> None:
    assert mebibytes(1536 * 1024 * 1024) == "1,536 MiB"


def test_moments_and_chinese_go_into_json(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"at": datetime(2026, 1, 2, tzinfo=UTC), "what": "数据"})
    printed = capsys.readouterr().out
    assert json.loads(printed) == {"at": "2026-01-02T00:00:00+00:00", "what": "数据"}
    assert "数据" in printed


@pytest.mark.parametrize("name", [os.fsdecode(b"caf\xe9.csv"), "\ud83d"])
def test_what_is_no_text_goes_into_json_and_is_the_same_there(
    capsys: pytest.CaptureFixture[str], name: str
) -> None:
    print_json({"path": name, "what": "数据"})
    printed = capsys.readouterr().out
    assert printed.isascii()
    assert json.loads(printed) == {"path": name, "what": "数据"}


def test_a_pipe_that_takes_ascii_alone_gets_ascii(monkeypatch: pytest.MonkeyPatch) -> None:
    pipe = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", pipe)
    print_json({"what": "数据"})
    pipe.seek(0)
    assert json.loads(pipe.read()) == {"what": "数据"}


def test_counted_things_have_the_form_that_fits() -> None:
    assert ngettext("{count} label", "{count} labels", 1) == "{count} label"
    assert ngettext("{count} label", "{count} labels", 2) == "{count} labels"

import json
from dataclasses import asdict

import pytest

from trainplat_cli.supervisor.detail import Detail
from trainplat_cli.supervisor.model import PartState
from trainplat_cli.supervisor.probes import DOES_NOT_RUN

INNER = Detail("HTTP {status} for {path}", {"status": 503, "path": "/{health}"})
OUTER = Detail("no answer for {seconds:.0f} s: {detail}", {"seconds": 12.25, "detail": INNER})


def test_a_detail_is_english_for_machines_and_translated_for_people(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAINPLAT_LANG", "zh_CN")
    assert str(OUTER) == "no answer for 12 s: HTTP 503 for /{health}"
    assert OUTER.shown() == "12 秒没有应答：请求 /{health} 得到 HTTP 503"
    monkeypatch.setenv("TRAINPLAT_LANG", "en")
    assert OUTER.shown() == str(OUTER)


def test_a_detail_is_read_as_it_was_written() -> None:
    for detail in (Detail(), INNER, OUTER, Detail("{}")):
        assert Detail.read(json.loads(json.dumps(asdict(detail)))) == detail


def test_the_words_of_another_program_are_taken_as_they_stand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAINPLAT_LANG", "zh_CN")
    assert Detail.of("{broken} braces").shown() == "{broken} braces"
    assert Detail.of(INNER) is INNER
    assert Detail.of(DOES_NOT_RUN).shown() == "它没有运行"


def test_nothing_to_say_is_said_as_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAINPLAT_LANG", "zh_CN")
    assert not Detail()
    assert Detail().shown() == str(Detail()) == ""
    assert OUTER


@pytest.mark.parametrize("state", PartState)
def test_each_state_of_a_part_has_words_in_every_language(
    state: PartState, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert state.shown() == str(state)
    monkeypatch.setenv("TRAINPLAT_LANG", "zh_CN")
    assert not state.shown().isascii()

"""A test that needs what a machine lacks is skipped there with the reason, and fails in CI."""

import pytest

from tests.needs import NEEDS, Need, needs


@pytest.fixture(autouse=True)
def _lacking(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(NEEDS, "a camel", Need(lambda: None, "buy one"))
    monkeypatch.setitem(NEEDS, "a cat", Need(lambda: "on the sofa", "wait"))


def test_what_is_there_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    assert needs("a cat") == "on the sofa"


def test_what_is_missing_skips_a_persons_test(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match=r"a camel is missing on this machine.*buy one"):
        needs("a camel")


def test_what_is_missing_fails_in_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="a camel is missing"):
        needs("a camel")


def test_what_no_installation_brings_may_be_missing_in_ci_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    monkeypatch.setitem(NEEDS, "a desert", Need(lambda: None, "travel", is_of_the_machine=True))
    with pytest.raises(pytest.skip.Exception, match="a desert is missing"):
        needs("a desert")

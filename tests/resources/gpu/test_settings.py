import pytest

from resources.errors import BadInput
from resources.gpu.policy.model import Settings
from resources.gpu.settings import policy_settings


def test_without_a_word_the_defaults_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MIN_RUNTIME", "COOL_DOWN", "KEEP_AFTER"):
        monkeypatch.delenv(f"TRAINPLAT_{name}_S", raising=False)
    assert policy_settings() == Settings()


def test_each_time_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    for seconds, name in enumerate(("MIN_RUNTIME", "COOL_DOWN", "KEEP_AFTER")):
        monkeypatch.setenv(f"TRAINPLAT_{name}_S", str(seconds))
    settings = policy_settings()
    assert (settings.min_runtime_s, settings.cool_down_s, settings.keep_after_s) == (0, 1, 2)


@pytest.mark.parametrize("told", ["soon", "-1", "nan", "inf", ""])
def test_what_is_no_time_is_named(monkeypatch: pytest.MonkeyPatch, told: str) -> None:
    monkeypatch.setenv("TRAINPLAT_MIN_RUNTIME_S", told)
    with pytest.raises(BadInput, match=r"TRAINPLAT_MIN_RUNTIME_S is .*; expected a number of seconds"):
        policy_settings()

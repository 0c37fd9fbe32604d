"""The benchmark of the demo, over a checkout whose demo only says how it was started."""

import subprocess
from argparse import Namespace
from pathlib import Path

import pytest

from benchmarks import demo

MAKEFILE = """\
.PHONY: setup demo
setup:
\t@echo setup in $(notdir $(CURDIR)) >> $(SAID)
demo:
\t@echo demo once=$(ONCE) fresh=$(FRESH) home=$$TRAINPLAT_HOME caches=$$UV_CACHE_DIR >> $(SAID)
"""


@pytest.fixture
def said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What the demos of the checkout said, one line each."""
    said, checkout = tmp_path / "said", tmp_path / "checkout"
    checkout.mkdir()
    (checkout / "Makefile").write_text(f"SAID := {said}\n{MAKEFILE}")
    git = ["git", "-C", str(checkout), "-c", "user.name=t", "-c", "user.email=t@localhost"]
    for command in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "a checkout"]):
        subprocess.run([*git, *command], check=True)
    monkeypatch.setattr(demo, "ROOT", checkout)
    monkeypatch.setenv("MAKEFLAGS", "-n")  # of a make outside that only shows what it would do
    monkeypatch.delenv("UV_CACHE_DIR", raising=False)
    return said


def lines(said: Path) -> list[dict[str, str]]:
    """The demos that were played, by what each was told."""
    told = [line.split()[1:] for line in said.read_text().splitlines() if line.startswith("demo")]
    return [dict(word.split("=") for word in words) for words in told]


def test_a_demo_is_measured_in_an_empty_home_and_then_anew_in_the_same(said: Path) -> None:
    metrics = demo.run(Namespace(clone=False, repeat=3))
    played = lines(said)
    assert [(one["once"], one["fresh"]) for one in played] == [("1", ""), ("1", "1"), ("1", "1"), ("1", "1")]
    assert len({one["home"] for one in played}) == 1
    assert not Path(played[0]["home"]).exists()
    assert set(metrics) == {"first_s", "fresh_s", "fresh_min_s", "fresh_max_s"}
    assert metrics["fresh_min_s"] <= metrics["fresh_s"] <= metrics["fresh_max_s"]


def test_a_clone_is_set_up_with_empty_caches_and_played_once(said: Path) -> None:
    metrics = demo.run(Namespace(clone=True, repeat=3))
    assert said.read_text().splitlines()[0] == "setup in trainplat"
    played = lines(said)
    assert [(one["once"], one["fresh"]) for one in played] == [("1", "")]
    assert not Path(played[0]["caches"]).exists()
    assert set(metrics) == {"setup_s", "first_s"}
    assert metrics["first_s"] > metrics["setup_s"] > 0


def test_a_demo_that_fails_is_no_measurement(said: Path) -> None:
    makefile = said.parent / "checkout/Makefile"
    makefile.write_text(makefile.read_text().replace("\t@echo demo", "\t@exit 3; echo demo"))
    with pytest.raises(subprocess.CalledProcessError):
        demo.run(Namespace(clone=False, repeat=1))

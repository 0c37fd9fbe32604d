"""A sentence is read in one language, with what it says of runs and devices."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.gpu.placement.model import Misfit
from resources.gpu.policy.affinity import Standing
from resources.gpu.policy.phrases import said
from resources.gpu.policy.reason import Reason
from resources.gpu.policy.reasons import TEMPLATES, asked, misfit
from resources.gpu.policy.reasons import runs as named
from resources.texts import translator
from tests.resources.gpu.policy.cases import job, runs, state

CHINESE = translator("zh_CN")
NAMES = ("asked", "runs", "holders", "whom", "project", "others")
OURS = {"V100", "MiB", "GPU", "CPU", "run", "vision", "n0", "n1"}


@pytest.mark.parametrize(
    ("name", "english", "chinese"),
    [
        ("asked", "2 device(s)", "2 个设备"),
        ("asked", "1 × 0.5 device(s) with 8192 MiB each", "1 × 0.5 个设备（每个 8192 MiB）"),
        ("asked", "2 TESLA-V100/H200", "2 TESLA-V100/H200"),
        ("asked", "0.5 CPU(s)", "0.5 个 CPU"),
        (
            "runs",
            "run 9e2fd6aa of vision, run x of speech team",
            "vision 的运行 9e2fd6aa、speech team 的运行 x",
        ),
        (
            "holders",
            "run a of vision (n0/cuda:0, n0/cuda:1); run b of x (y) (cpu:0) and 3 more",
            "vision 的运行 a (n0/cuda:0, n0/cuda:1)；x (y) 的运行 b (cpu:0)，另有 3 个",
        ),
        ("whom", "run 17bb3c21", "运行 17bb3c21"),
        ("whom", "reservation demo day", "预留 demo day"),
    ],
)
def test_what_is_said_of_runs_and_devices_is_translated(name: str, english: str, chinese: str) -> None:
    assert said(name, english, CHINESE) == chinese
    assert said(name, english, str) == english


@pytest.mark.parametrize(("name", "strange"), [("whom", "run"), ("runs", ""), ("holders", ""), ("asked", "")])
def test_what_is_no_phrase_of_ours_stays_as_it_is(name: str, strange: str) -> None:
    assert said(name, strange, CHINESE) == strange


def test_a_name_that_reads_like_a_phrase_stays_a_name() -> None:
    assert said("project", "run a of b", CHINESE) == "run a of b"


@given(
    st.sampled_from(NAMES), st.text() | st.from_regex(r"(run \w+ of \w+( \(\w+\))?[,;]? ?)*( and \d+ more)?")
)
def test_in_english_nothing_changes(name: str, value: str) -> None:
    assert said(name, value, str) == value


def test_no_sentence_of_the_policy_has_english_in_it_for_a_chinese_reader() -> None:
    to = state(4, 4)
    runs(to, job("run1", 2, who="vision"), (0, 0), (0, 1))
    runs(to, job("run2", 1, who="vision", milli=500, memory_mib=8192), (0, 2))
    wanted = job("run3", 3, milli=500, memory_mib=8192)
    holders = Standing(to).holders(wanted.shape)
    values: dict[str, str | int] = {
        "asked": asked(wanted),
        "runs": named(list(to.running.values())),
        "holders": f"{holders} and 2 more",
        "whom": "run run1",
        "others": "vision",
        "project": "vision",
        "reservation": "vision",
        "target": "1",
        "node": "1",
    }
    for number in ("free", "matching", "usable", "most", "cpus", "memory_mib", "priority"):
        values[number] = 1
    for rule, template in TEMPLATES.items():
        sentence = Reason(rule, template, values).translated(CHINESE)
        told = set(re.findall(r"[A-Za-z][A-Za-z0-9]+", sentence))
        assert {one for one in told if not one.startswith("run")} <= OURS, sentence
        assert not re.search(r"\brun\b|\brun \w+ of\b", sentence), sentence


def test_the_words_of_the_policy_are_those_that_are_known_here() -> None:
    """What composes a value and what takes it apart change together."""
    to = state(4)
    runs(to, job("run1", 2, who="vision"), (0, 0), (0, 1))
    for one in (job("x", 3), job("x", 0, cpu_milli=2500), job("x", 1, milli=250, memory_mib=4096)):
        assert not re.search("device|CPU\\(|with", said("asked", asked(one), CHINESE))
    assert "run run1" not in said("runs", named(list(to.running.values())), CHINESE)
    assert "run run1" not in said("holders", Standing(to).holders(job("x").shape), CHINESE)
    why = misfit(job("x", 9), Misfit(4, 4, 2, 2, 0, 0, 0, 2, 1000, 16384, 0, 0), "")
    assert "device" not in why.translated(CHINESE)

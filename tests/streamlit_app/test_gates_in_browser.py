"""A failing gate, as a person reads it on the page that compares models."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from benchmarks.many_models import ManyModels, fill
from resources.gate_plan import (
    GatePlan,
    IfFailed,
    LatencyGate,
    LicenceGate,
    QualityGate,
    SizeGate,
    SlicesGate,
)
from resources.home import Home
from resources.registry.evaluations.bootstrap import paired_difference
from resources.registry.evaluations.service import EvaluationService
from resources.registry.gates.judging import judge
from resources.registry.gates.model import GateEvidence
from resources.registry.gates.service import GateService
from resources.terms import Actor
from tests.streamlit_app.test_in_browser import Look, looks, picture, served

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.needs("chromium")]

FEW = ManyModels(count=6, test_count=120)
ANNA = Actor("user:anna")
PLAN = GatePlan(
    quality=QualityGate(at_least=0.99, better_by=0.0, sure=True),
    slices=SlicesGate(worse_by=0.01, least_count=5),
    latency=LatencyGate(p99_ms=0.001, if_failed=IfFailed.WARN),
    size=SizeGate(mib=100),
    licence=LicenceGate(),
)


@pytest.fixture
def look(browser: Browser, trainplat_home: Path) -> Iterator[Look]:
    """Six models, each judged against the one before it; one was promoted past its gates."""
    home = Home(trainplat_home)
    fill(home, FEW)
    measured, gates = EvaluationService(home, home.database()), GateService(home, home.database())
    for number in range(2, FEW.count + 1):
        old, new = (measured.answers(FEW.dataset, one) for one in (number - 1, number))
        assert old is not None
        assert new is not None
        evidence = GateEvidence(
            new=measured.measurement(FEW.dataset, number),
            champion_number=number - 1,
            champion=measured.measurement(FEW.dataset, number - 1),
            difference=paired_difference(old, new),
        )
        gates.record(FEW.dataset, number, judge(PLAN, evidence), ANNA)
    gates.record_override(FEW.dataset, FEW.count, ANNA, "The licence comes with the contract.")
    with served(trainplat_home) as dashboard:
        yield looks(browser, dashboard)


def test_a_failing_gate_is_read_with_its_value_and_limit(look: Look) -> None:
    with look("models?part=gates&baseline=1&model=6", "Model comparison") as page:
        main = page.get_by_test_id("stMain").locator("table").nth(1)
        expect(main.get_by_text("a licence or a note is asked")).to_be_visible()
        expect(main.get_by_text("at least 99% is asked")).to_be_visible()
        expect(main.get_by_text("at least 0 points is asked, at the low end of the interval")).to_be_visible()
        expect(main.get_by_text("only warns", exact=True)).to_be_visible()
        expect(page.get_by_text("The licence comes with the contract.")).to_be_visible()
        picture(page, "gates")
    with look("models?part=gates&baseline=1&model=1", "模型比较", locale="zh-CN") as page:
        expect(page.get_by_text("从未询问过模型 1 的关卡")).to_be_visible()
